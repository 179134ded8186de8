import type { CheckResult } from '../model/check-result.ts';
import type { Note } from '../model/verification.ts';
import { passed } from './checks-text.ts';
import { code, prose } from './markdown.ts';

/** What was looked at, in Markdown, in parts: what failed first, with expected and seen. */
export function checksMarkdown(checks: readonly CheckResult[], notes: readonly Note[]): string[] {
  const failed = checks.filter(({ ok }) => !ok);
  const byTarget = [...Map.groupBy(checks, ({ target }) => target)];
  const well = byTarget.filter(([, own]) => own.every(({ ok }) => ok));
  return [
    failed.length === 0
      ? `**All ${checks.length} checks passed.**\n`
      : `**${failed.length} of ${checks.length} checks failed.**\n`,
    ...failed.map((check) => `- ❌ **${prose(check.target)}** ${checkText(check)}\n`),
    ...notes.map(({ target, text }) => `- ⚠️ **${prose(target)}** ${prose(text)}\n`),
    ...well.map(([target, own]) => `- ✅ **${prose(target)}** ${prose(passed(own))}\n`),
  ];
}

/** `answers: expected …, seen …` */
export const checkText = ({ check, expected, seen }: CheckResult): string =>
  `${prose(check)}: expected ${code(expected)}, seen ${code(seen)}`;
