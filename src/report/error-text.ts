import { ConfigError, FleetError } from '../model/errors.ts';
import { quotedAfterFirst, quotedText } from '../model/plain-text.ts';
import { diagnosticsText } from './diagnostics-text.ts';
import { hasColours, styleFor } from './style.ts';
import { wrapHint } from './wrap.ts';

/** Whatever was thrown, for whoever reads `stream`: what went wrong, the last remote lines, what to do. */
export function errorText(error: unknown, stream: NodeJS.WriteStream): string {
  if (error instanceof ConfigError)
    return diagnosticsText(error.diagnostics, error.source, { color: hasColours(stream) });
  const style = styleFor(stream);
  if (!(error instanceof FleetError)) {
    const stack = error instanceof Error ? error.stack : String(error);
    return `${style('red', 'error')} this is a bug in fleet, please report it:\n${stack}\n`;
  }
  const parts = [
    `${style('red', 'error')} ${quotedAfterFirst(error.message)} ${style('dim', `[${error.code}]`)}`,
  ];
  if (error.detail) parts.push(quotedText(error.detail).replace(/^/gm, '  '));
  if (error.hint) parts.push(wrapHint(error.hint, 0));
  return `${parts.join('\n')}\n`;
}
