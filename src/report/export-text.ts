import type { ExportResult } from '../model/export-result.ts';
import { plainLine } from '../model/plain-text.ts';
import type { Style } from './style.ts';
import { wrap, wrapHint } from './wrap.ts';

/** A line for each export, and what to know about it. */
export function exportText(results: readonly ExportResult[], style: Style): string {
  return results
    .flatMap(({ vm, file, to, behind, outcome, context, unreplaced, failure }) => {
      if (failure) {
        const hint = failure.hint === undefined ? [] : [`    ${wrapHint(failure.hint, 4)}`];
        const text = wrap(`\u2716 ${vm}: ${plainLine(failure.message)}`, 4);
        return [style('red', text), ...hint];
      }
      const as = context === undefined ? '' : `, context ${context}`;
      const how = outcome === 'written' ? '' : ' (as it was)';
      return [
        wrap(`${vm}: ${file} is in ${to}${as}${how}`, 4),
        ...(behind === undefined ? [] : [`    ${wrap(`${to} is a link: it is in ${behind}`, 4)}`]),
        ...unreplaced.map(
          (from) => `    ${wrap(`${JSON.stringify(from)}, which replace names, is not in it`, 4)}`,
        ),
      ];
    })
    .map((line) => `${line}\n`)
    .join('');
}

/** For the shell to read: where kubectl finds what was merged; a guest's file as it is, is never for it. May be empty. */
export function exportEnv(results: readonly ExportResult[]): string {
  const files = results
    .filter(({ context, failure }) => context !== undefined && failure === undefined)
    .map(({ to }) => to);
  if (files.length === 0) return '';
  return `export KUBECONFIG='${[...new Set(files)].join(':').replaceAll("'", "'\\''")}'\n`;
}
