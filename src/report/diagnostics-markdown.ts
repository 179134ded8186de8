import type { Diagnostic } from '../model/diagnostic.ts';
import { code, prose } from './markdown.ts';

/** A line for each: where, what, and what to write instead. */
export function diagnosticsMarkdown(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ code: name, column, file, hint, line, message, severity }) => {
    const sign = severity === 'error' ? '❌' : '⚠️';
    const place = line > 0 ? `${file}:${line}:${column}` : file;
    const next = hint === undefined ? '' : `: ${prose(hint)}`;
    return `- ${sign} ${code(place)} ${prose(name)} ${prose(message)}${next}\n`;
  });
}
