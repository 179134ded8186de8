import { ConfigError, exitCodes, FleetError } from '../model/errors.ts';
import { failureOf } from '../model/failure.ts';
import { quotedAfterFirst, quotedText } from '../model/plain-text.ts';
import { hasColours, styleFor } from '../report/style.ts';
import { wrapHint } from '../report/wrap.ts';
import type { EventStream } from './stream.ts';

/**
 * Says what went wrong on standard error, or programs on standard output; returns the exit code.
 * @param how stream: as its last event; json: as one document
 */
export async function reportError(
  error: unknown,
  { json, stream }: { readonly json: boolean; readonly stream?: EventStream | undefined },
): Promise<number> {
  if (json || stream) {
    const document = { kind: 'error', version: 1, error: errorDocument(error) };
    if (stream) stream.end(document);
    else process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
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
    if (error.hint) parts.push(wrapHint(error.hint, 0));
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
    ...failureOf(error),
    ...(error instanceof ConfigError && { diagnostics: error.diagnostics }),
  };
}
