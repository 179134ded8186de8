import { exitCodeOf } from '../deploy/rollout.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import { systemName } from '../model/names.ts';
import type { HypervisorResult } from '../model/result.ts';
import { hasChanges, restartable } from '../plan/plan.ts';
import type { PlanFile } from '../plan/plan-file.ts';
import { staleness } from '../plan/staleness.ts';
import { planText } from '../report/plan-text.ts';
import { resultsDocument } from '../report/result-json.ts';
import { resultText } from '../report/result-text.ts';
import { styleFor } from '../report/style.ts';
import { canAsk, confirm } from './ask.ts';
import { deploy } from './deploy.ts';
import { type Invocation, lockTimeout, refusePointless, usageError } from './options.ts';
import { realPorts } from './ports.ts';
import { refuseBad } from './publish.ts';
import { type ResumeOptions, resumeCommand } from './resume.ts';
import { planFileOf, readPlanFile } from './saved-plan.ts';
import { type Survey, survey } from './survey.ts';
import { openWorkspace } from './workspace.ts';

export interface ApplyOptions {
  readonly on?: string;
  readonly yes?: boolean;
  readonly allowUnreachable?: boolean;
  readonly release?: string;
  readonly restart?: string;
  readonly lockTimeout?: string;
  readonly force?: boolean;
  /** What first switches may take away, names with commas between them. */
  readonly drop?: string;
  readonly resume?: string | true;
  readonly undo?: boolean;
  readonly json?: boolean;
}

/** `fleet apply`: plan, ask, wait for who deploys just now if that is wanted, deploy. */
export async function applyCommand(
  invocation: Invocation,
  options: ApplyOptions,
  [file]: readonly string[] = [],
): Promise<number> {
  if (options.resume === undefined) {
    if (options.undo)
      throw usageError(
        'options.undo',
        '--undo needs --resume: it rolls back a deployment that was interrupted',
        'fleet apply --resume --undo rolls it back; fleet history names those there are.',
      );
    return applyOnce(invocation, options, file, lockTimeout(options.lockTimeout));
  }
  refusePointless(
    { ...options, FILE: file },
    ['FILE', '--on', '--release', '--restart', '--drop', '--force', '--lock-timeout'],
    '--resume goes on with a deployment as it was planned',
  );
  return resumeCommand(invocation, options as ResumeOptions);
}

async function applyOnce(
  invocation: Invocation,
  options: ApplyOptions,
  file: string | undefined,
  lockTimeout: number,
): Promise<number> {
  const saved = file === undefined ? undefined : savedPlan(file, options);
  const { on, release } = saved ?? options;
  const workspace = openWorkspace(invocation.common);
  let seen = await survey(workspace, realPorts(invocation.common), {
    ...(on && { on }),
    ...(options.restart && { restart: options.restart }),
    ...(release && { release: typeof release === 'string' ? release : release.join(',') }),
    upstream: 'required',
    signal: invocation.signal,
  });
  try {
    if (saved) requireFresh(saved, planFileOf(workspace, seen, on ?? undefined));
    const isAsked = !saved && !options.yes;
    // With --json standard output has the one document; whoever is asked sees what about.
    const out = options.json ? process.stderr : process.stdout;
    if (!options.json || (isAsked && canAsk()))
      out.write(planText(seen.plan, styleFor(out), { diffs: false, offline: false }));
    sayOfDrops(seen, options.drop);
    requireReachable(seen, options.allowUnreachable ?? false);
    if (isAsked) seen = await offerRestarts(seen, invocation.signal);
    if (!hasChanges(seen.plan)) {
      if (options.json) printJson(seen, []);
      return exitCodes.ok;
    }
    if (!options.force) await refuseBad(seen);
    if (!options.force) await requireHistory(seen, isAsked, invocation.signal);
    if (isAsked && !(await confirm('Apply this?', invocation.signal))) {
      process.stderr.write('Nothing was changed.\n');
      if (options.json) printJson(seen, [], true);
      return exitCodes.failed;
    }
    const results = await deploy(invocation, workspace, seen, {
      force: options.force ?? false,
      lockTimeout,
      dropped: new Set((options.drop ?? '').split(',').map((name) => name.trim())),
    });
    if (options.json) printJson(seen, results);
    else process.stdout.write(resultText(results, styleFor(process.stdout)));
    for (const { hypervisor, facts } of seen.contacts) {
      if (facts instanceof Error)
        process.stderr.write(
          `${hypervisor.name} was skipped (unreachable) and still runs the old commit.\n`,
        );
    }
    return exitCodeOf(results);
  } finally {
    seen.close();
  }
}

/**
 * Why a guest that runs does not answer fleet cannot know, and a restart may cost what it has in memory:
 * only a person decides it, here or with --restart. --yes alone restarts none.
 */
async function offerRestarts(seen: Survey, signal: AbortSignal): Promise<Survey> {
  const names = restartable(seen.plan);
  if (names.length === 0 || !canAsk()) return seen;
  const question = `Restart ${names.join(', ')}, which ${names.length === 1 ? 'is' : 'are'} not well?`;
  return (await confirm(question, signal)) ? seen.restarting(names) : seen;
}

/**
 * What runs has to be in the history of what is deployed, or somebody's work is taken away: asks.
 * @throws FleetError `git.not-in-history` when nobody is asked, or says no
 */
async function requireHistory(seen: Survey, isAsked: boolean, signal: AbortSignal): Promise<void> {
  if (seen.strangers.length === 0) return;
  // It stands in the plan, among the warnings.
  if (isAsked && canAsk() && (await confirm('Replace it anyway?', signal))) return;
  throw new FleetError('git.not-in-history', 'what runs is not in the history of this commit', {
    detail: seen.strangers.join('\n'),
    hint: 'Nothing was done. Merge it, or deploy anyway: --force',
  });
}

/** Once a hypervisor was deployed to, no switch is its first. */
function sayOfDrops(seen: Survey, drop: string | undefined): void {
  if (drop === undefined) return;
  const isFirst = seen.contacts.some(
    ({ facts }) => !(facts instanceof Error) && !facts.deployed.has(systemName),
  );
  if (!isFirst)
    process.stderr.write(
      `--drop ${drop} drops nothing: no hypervisor here has its first switch.\n`,
    );
}

/** @throws FleetError when it says already what the options would choose. */
function savedPlan(file: string, { on, release, restart }: ApplyOptions): PlanFile {
  if (on === undefined && release === undefined && restart === undefined) return readPlanFile(file);
  const message =
    'a saved plan already fixes what is done: leave out --on, --release and --restart';
  throw new FleetError('options.saved-plan', message, {
    exitCode: exitCodes.usage,
  });
}

/** @throws FleetError `plan.stale`, with everything that moved. */
function requireFresh(saved: PlanFile, now: PlanFile): void {
  const moved = staleness(saved, now);
  if (moved.length === 0) return;
  throw new FleetError('plan.stale', 'the saved plan is stale', {
    detail: moved.join('\n'),
    hint: 'Nothing was done: plan again.',
  });
}

function requireReachable(seen: Survey, allow: boolean): void {
  const problems = seen.plan.hypervisors.flatMap((h) => h.problems.map((p) => `${h.name}: ${p}`));
  if (problems.length > 0) {
    throw new FleetError('plan.problems', 'this cannot be applied', {
      detail: problems.join('\n'),
    });
  }
  const lost = seen.contacts.filter((c) => c.facts instanceof Error);
  if (lost.length === 0 || (allow && lost.length < seen.contacts.length)) return;
  const why = (error: unknown) =>
    error instanceof FleetError && error.hint
      ? `${error.message}\n${error.hint}`
      : String((error as Error).message);
  throw new FleetError(
    'apply.unreachable',
    `cannot reach ${lost.map((c) => c.hypervisor.name).join(', ')}; nothing was changed`,
    {
      detail: lost.map((c) => why(c.facts)).join('\n'),
      hint: 'Leave them out with --allow-unreachable, or choose with --on.',
    },
  );
}

function printJson(seen: Survey, results: readonly HypervisorResult[], declined = false): void {
  const more = { plan: seen.plan, ...(declined && { declined }) };
  process.stdout.write(resultsDocument('apply', results, more));
}
