import type { CheckResult } from '../model/check-result.ts';
import { exitCodes } from '../model/errors.ts';
import type { Note } from '../model/verification.ts';
import { checksMarkdown } from '../report/checks-markdown.ts';
import { prose } from '../report/markdown.ts';
import { within } from '../report/plan-markdown.ts';
import { judged } from './drift.ts';
import { failed } from './failed.ts';
import { type Job, madeBy, summaryLimit, titleOf } from './job.ts';

/** Checks every bridge, TAP and guest, and changes nothing. @returns the exit code */
export async function verify(job: Job): Promise<number> {
  const { fleet, inputs, runner } = job;
  const { code, document } = await fleet.json(
    'verify',
    ...(inputs.on === undefined ? [] : ['--on', inputs.on]),
  );
  if (document.kind !== 'verify') return failed(job, code, document);
  const checks = document.checks as readonly CheckResult[];
  const isWell = document.ok === true;
  const notes = document.notes as readonly Note[];
  // What fails beside a deployment may be what it is about: no issue is opened or closed for it.
  const isLocked = inputs.issue && !isWell && notes.some(({ code }) => code === 'locked');
  runner.output('changed', 'false');
  runner.output('outcome', isWell ? 'healthy' : isLocked ? 'locked' : 'unhealthy');
  const wrong = checks.filter(({ ok }) => !ok);
  if (!inputs.issue || isLocked)
    for (const { check, expected, seen, target } of wrong.slice(0, 10))
      runner.annotate('error', `${target} ${check}: expected ${expected}, seen ${seen}`, {
        title: 'fleet verify',
      });
  const parts = checksMarkdown(checks, notes);
  runner.summary(
    within([`### ${prose(titleOf(job, 'verify'))}\n`, ...parts, madeBy(job)], summaryLimit),
  );
  if (isLocked) return exitCodes.locked;
  return judged(job, isWell, parts);
}
