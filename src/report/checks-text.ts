import type { CheckResult } from '../model/check-result.ts';
import type { Note } from '../model/verification.ts';
import type { Style } from './style.ts';
import { wrap } from './wrap.ts';

/** Names of checks that went well, each once; what should not be there is said not to be. */
export function passed(checks: readonly CheckResult[]): string {
  const names = checks.map(({ check, expected }) =>
    expected.startsWith('none') ? `no ${check}` : check,
  );
  return [...new Set(names)].join(', ');
}

/** What was looked at: a line a target when all is well, expected and seen when not. */
export function checksText(
  checks: readonly CheckResult[],
  style: Style,
  notes: readonly Note[] = [],
): string {
  const lines: string[] = [];
  for (const [target, own] of Map.groupBy(checks, (c) => c.target)) {
    const failed = own.filter((c) => !c.ok);
    if (failed.length === 0) {
      lines.push(
        `${style('green', 'ok')}    ${style('bold', target)}  ${style('dim', wrap(passed(own), 8 + target.length))}`,
      );
      continue;
    }
    lines.push(`${style('red', 'FAIL')}  ${style('bold', target)}`);
    for (const check of failed) {
      const column = 6 + check.check.length + '  expected '.length;
      lines.push(
        `      ${check.check}: expected ${wrap(check.expected, column)}`,
        `      ${' '.repeat(check.check.length)}  seen     ${wrap(check.seen, column)}`,
      );
    }
  }
  for (const { target, text } of notes) {
    lines.push(
      `${style('yellow', 'note')}  ${style('bold', target)}  ${wrap(text, 8 + target.length)}`,
    );
  }
  const bad = checks.filter((c) => !c.ok).length;
  lines.push(
    bad === 0 ? `All ${checks.length} checks passed.` : `${bad} of ${checks.length} checks failed.`,
  );
  return `${lines.join('\n')}\n`;
}
