import type { Examined } from '../model/examined.ts';
import { plainLine, plainText, quotedText } from '../model/plain-text.ts';
import type { Style } from './style.ts';
import { wrap, wrapHint } from './wrap.ts';

const column = 8;

/** What was looked at, a paragraph a place: what is well in one line, what is not with its fix. */
export function doctorText(examined: readonly Examined[], style: Style): string {
  const parts: string[] = [];
  for (const [where, own] of Map.groupBy(examined, (one) => one.where))
    parts.push(`${style('bold', where)}\n${ofOne(own, style)}`);
  const wrong = count(examined, 'wrong');
  const notes = count(examined, 'note');
  const end =
    wrong === 0
      ? 'Nothing is wrong.'
      : `${wrong} finding${wrong === 1 ? '' : 's'} in ${examined.length} checks.`;
  const beside =
    notes === 0
      ? ''
      : notes === 1
        ? ' 1 note, which does not count.'
        : ` ${notes} notes, which do not count.`;
  return `${parts.join('\n')}\n${end}${beside}\n`;
}

const count = (examined: readonly Examined[], wanted: Examined['state']): number =>
  examined.filter(({ state }) => state === wanted).length;

function ofOne(own: readonly Examined[], style: Style): string {
  const lines: string[] = [];
  const well = own.filter(({ state }) => state === 'ok');
  if (well.length > 0) {
    const words = well.map(({ check, seen }) => plainLine(seen === 'none' ? `no ${check}` : check));
    const names = [...new Set(words)].join(', ');
    lines.push(`  ${style('green', 'ok')}    ${style('dim', wrap(names, column))}`);
  }
  // What is wrong stands last, where the eye of who reads a terminal is.
  for (const one of own)
    if (one.state === 'note') lines.push(...told(one, style('yellow', 'note')));
  for (const one of own) if (one.state === 'wrong') lines.push(...told(one, style('red', 'FAIL')));
  return lines.join('\n');
}

function told({ check, seen, detail, fix }: Examined, word: string): string[] {
  const indent = ' '.repeat(column);
  return [
    `  ${word}  ${wrap(plainText(`${plainLine(check)}: ${seen}`), column)}`,
    ...(detail === undefined ? [] : [quotedText(detail).replace(/^/gm, indent)]),
    ...(fix === undefined ? [] : [`${indent}${wrapHint(plainText(fix), column)}`]),
  ];
}
