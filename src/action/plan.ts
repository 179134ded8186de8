import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasChanges, type Plan } from '../plan/plan.ts';
import { prose } from '../report/markdown.ts';
import { planMarkdown } from '../report/plan-markdown.ts';
import { failed } from './failed.ts';
import { type Job, madeBy, titleOf } from './job.ts';
import { bodyLimit, keepComment, markerOf, tryOn } from './kept.ts';
import { isUnmerged } from './refuse.ts';
import type { Runner } from './runner.ts';
import { validate } from './validate.ts';

/** Characters of a plan in the summary: of the megabyte that GitHub takes, whatever they are. */
const summaryLimit = 250_000;

/** Plans; on a pull request, keeps the comment. @returns the exit code */
export async function plan(job: Job): Promise<number> {
  const { event, fleet, inputs, runner } = job;
  const invalid = await validate(job);
  if (invalid !== 0) return invalid;
  const offline = inputs.sshKey === undefined && isUnmerged(event);
  runner.group('fleet plan');
  const { code, document } = await fleet.json(
    'plan',
    ...(offline ? ['--offline'] : inputs.on === undefined ? [] : ['--on', inputs.on]),
  );
  runner.endGroup();
  if (document.kind !== 'plan' || document.version !== 1) return failed(job, code, document);
  const plan = document as unknown as Plan;
  keepFiles(runner, plan, offline);
  const changed = hasChanges(plan);
  runner.output('changed', String(changed));
  runner.output('outcome', code !== 0 ? 'failed' : changed ? 'changes' : 'no-changes');
  const options = { diffs: true, offline, whole: wholeAt(job) };
  const title = `### ${prose(titleOf(job, 'plan'))}\n\n`;
  const foot = `\n${madeBy(job)}`;
  runner.summary(title + planMarkdown(plan, { ...options, limit: summaryLimit }) + foot);
  await comment(job, (limit) => {
    const room = limit - title.length - foot.length;
    return title + planMarkdown(plan, { ...options, limit: room }) + foot;
  });
  if (code !== 0)
    for (const text of problemsOf(plan)) runner.annotate('error', text, { title: 'fleet plan' });
  return code;
}

/** Keeps the comment of a pull request, where there is one. @param body of at most so many characters */
async function comment(job: Job, body: (limit: number) => string): Promise<void> {
  const { event, github, inputs, runner } = job;
  if (event.pullRequest === undefined || !isUnmerged(event) || !github) return;
  const marker = markerOf('plan', inputs.directory);
  const number = event.pullRequest;
  await tryOn(runner, 'The plan is no comment of the pull request', () =>
    keepComment(github, number, marker, body(bodyLimit - marker.length)),
  );
}

/** Writes the whole of it where a later step finds it, to keep it as an artifact. */
function keepFiles(runner: Runner, plan: Plan, offline: boolean): void {
  const folder = mkdtempSync(join(runner.get('RUNNER_TEMP'), 'fleet-plan-'));
  const files = {
    'plan-json': ['plan.json', `${JSON.stringify(plan, null, 2)}\n`],
    'plan-markdown': ['plan.md', planMarkdown(plan, { diffs: true, offline })],
  } as const;
  for (const [output, [name, text]] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
    runner.output(output, join(folder, name));
  }
}

const wholeAt = ({ runner }: Job): string =>
  `[this run](${runner.page}), and its artifacts where the workflow keeps them.`;

/** Why it could not be applied. */
function problemsOf({ hypervisors, problems }: Plan): string[] {
  return [
    ...problems,
    ...hypervisors.flatMap(({ name, problems, unreachable }) => [
      ...problems.map((text) => `${name}: ${text}`),
      ...(unreachable === undefined ? [] : [`${name} is unreachable: ${unreachable}`]),
    ]),
  ].slice(0, 10);
}
