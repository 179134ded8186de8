import { ConfigError, exitCodes, FleetError } from '../model/errors.ts';
import { quotedAfterFirst, quotedText } from '../model/plain-text.ts';
import { hasColours, styleFor } from '../report/style.ts';

/** Says what went wrong on standard error (or as JSON on standard output); returns the exit code. */
export async function reportError(error: unknown, json: boolean): Promise<number> {
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ kind: 'error', version: 1, error: errorDocument(error) }, null, 2)}\n`,
    );
    return error instanceof FleetError ? error.exitCode : exitCodes.failed;
  }
  const style = styleFor(process.stderr);
  if (error instanceof ConfigError) {
    const { renderDiagnostics } = await import('../config/frame.ts');
    const color = hasColours(process.stderr);
    process.stderr.write(renderDiagnostics(error.diagnostics, error.source, { color }));
    return error.exitCode;
  }
  if (error instanceof FleetError) {
    const parts = [
      `${style('red', 'error')} ${quotedAfterFirst(error.message)} ${style('dim', `[${error.code}]`)}`,
    ];
    if (error.detail) parts.push(quotedText(error.detail).replace(/^/gm, '  '));
    if (error.hint) parts.push(error.hint);
    process.stderr.write(`${parts.join('\n')}\n`);
    return error.exitCode;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(
    `${style('red', 'error')} this is a bug in fleet, please report it:\n${stack}\n`,
  );
  return exitCodes.failed;
}

function errorDocument(error: unknown): object {
  if (!(error instanceof FleetError)) return { code: 'internal', message: String(error) };
  return {
    code: error.code,
    message: error.message,
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(error.detail !== undefined && { detail: error.detail }),
    ...(error instanceof ConfigError && { diagnostics: error.diagnostics }),
  };
}
