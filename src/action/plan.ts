import { exitCodes, FleetError } from '../model/errors.ts';
import { hasChanges, type Plan } from '../plan/plan.ts';
import type { Built } from '../report/json/looking.ts';
import { prose } from '../report/markdown.ts';
import { planMarkdown } from '../report/plan-markdown.ts';
import { failuresOf, placeOf } from './build.ts';
import { commentOn } from './comment.ts';
import { judged } from './drift.ts';
import { failed } from './failed.ts';
import { type Job, madeBy, summaryLimit, titleOf } from './job.ts';
import { bodyLimit } from './kept.ts';
import { keepPlan } from './plan-files.ts';
import { annotate, validate } from './validate.ts';

/**
 * Plans. On a pull request it keeps the comment; on a schedule, or with `issue: true`, whatever apply would change is
 * drift. @returns the exit code
 */
export async function plan(job: Job): Promise<number> {
  const { event, fleet, inputs, runner } = job;
  const isDriftCheck = inputs.issue || event.name === 'schedule';
  const offline = inputs.sshKey === undefined && !isDriftCheck;
  if (offline && inputs.on !== undefined)
    throw new FleetError(
      'action.input',
      'input on is pointless: a plan without ssh-key asks nobody',
      {
        exitCode: exitCodes.usage,
        hint: 'Leave it out, or give ssh-key and known-hosts.',
      },
    );
  const invalid = await validate(job);
  if (invalid !== 0) return invalid;
  runner.group('fleet plan');
  const { code, document } = await fleet.json(
    'plan',
    ...(isDriftCheck ? ['--detailed-exitcode'] : []),
    ...(inputs.build ? ['--build', ...placeOf(event)] : []),
    ...(offline
      ? ['--offline', ...since(job)]
      : inputs.on === undefined
        ? []
        : ['--on', inputs.on]),
  );
  runner.endGroup();
  if (document.kind !== 'plan' || document.version !== 1) return failed(job, code, document);
  const plan = document as unknown as Plan;
  const { build } = document as { readonly build?: Built };
  if (build) {
    annotate(job, build.diagnostics);
    failuresOf(job, build);
  }
  keepPlan(runner, plan, offline, build);
  const changed = hasChanges(plan);
  runner.output('changed', String(changed));
  // What was not looked at, or is changed just now, may have drifted or not: no issue is opened or closed for it.
  const unseen = isDriftCheck ? unseenOf(plan) : [];
  const isUnseen = unseen.length > 0;
  const isLocked = isUnseen && unseen.every(({ code }) => code === 'locked');
  const outcome = isUnseen
    ? isLocked
      ? 'locked'
      : 'unreachable'
    : isDriftCheck && code !== 0
      ? 'drifted'
      : code !== 0
        ? fleet.isCancelled
          ? 'interrupted'
          : 'failed'
        : changed
          ? 'changes'
          : 'no-changes';
  runner.output('outcome', outcome);
  const whole = `[this run](${runner.page}), and its artifacts where the workflow keeps them.`;
  const head = `### ${prose(titleOf(job, 'plan'))}\n\n`;
  const foot = `\n${madeBy(job)}`;
  const text = (limit: number) =>
    `${head}${planMarkdown(plan, { diffs: true, offline, whole, ...(build && { build }), limit: limit - head.length - foot.length })}${foot}`;
  runner.summary(text(summaryLimit));
  await commentOn(job, text);
  if (isUnseen || (code !== 0 && !inputs.issue))
    for (const text of isUnseen
      ? unseen.slice(0, 10).map(({ message }) => message)
      : problemsOf(plan, isDriftCheck))
      runner.annotate('error', text, { title: 'fleet plan' });
  if (isUnseen) return isLocked ? exitCodes.locked : exitCodes.failed;
  if (isDriftCheck) return judged(job, code === 0, [text(bodyLimit - 500)]);
  return code;
}

/** Why it is not known whether something has drifted. */
function unseenOf({ hypervisors, unsure = [] }: Plan) {
  return [
    ...unsure,
    ...hypervisors.flatMap(({ name, unreachable }) =>
      unreachable === undefined
        ? []
        : [{ code: 'unreachable', message: `${name} is unreachable: ${unreachable}` }],
    ),
  ];
}

/** What the files of a pull request are compared with. */
function since({ base, event, runner }: Job): string[] {
  if (base !== undefined) return ['--against', base];
  if (event.base !== undefined)
    runner.annotate(
      'notice',
      'What changes and restarts is not shown: the commit that this pull request is for was not checked out. actions/checkout needs fetch-depth: 0.',
      { title: 'fleet plan' },
    );
  return [];
}

/** Why it could not be applied, or what is not as it was deployed. */
function problemsOf({ hypervisors, problems }: Plan, isDriftCheck: boolean): string[] {
  return [
    ...problems,
    ...hypervisors.flatMap(({ actions, drift, name, problems, unreachable }) => [
      ...problems.map((text) => `${name}: ${text}`),
      ...(unreachable === undefined ? [] : [`${name} is unreachable: ${unreachable}`]),
      ...(isDriftCheck ? drift.map(({ message, target }) => `${target}: ${message}`) : []),
      ...(isDriftCheck ? actions.map(({ target, why }) => `${target}: ${why}`) : []),
    ]),
  ].slice(0, 10);
}
