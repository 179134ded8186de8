import { exitCodes, FleetError } from '../model/errors.ts';
import { hasChanges, isBlocked, type Plan, unmended } from '../plan/plan.ts';
import { planText } from '../report/plan-text.ts';
import { styleFor } from '../report/style.ts';
import { type Invocation, refusePointless } from './options.ts';
import { planFileOf, planPath, requireSavable, savePlan } from './saved-plan.ts';
import { survey } from './survey.ts';
import { openWorkspace } from './workspace.ts';

export interface PlanOptions {
  readonly offline?: boolean;
  readonly on?: string;
  readonly release?: string;
  readonly diff: boolean;
  readonly detailedExitcode?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

/** `fleet plan` */
export async function planCommand(invocation: Invocation, options: PlanOptions): Promise<number> {
  if (options.out !== undefined && options.offline) {
    throw new FleetError('plan.offline', 'a plan that asked no hypervisor cannot be saved', {
      exitCode: exitCodes.usage,
      hint: 'Leave out --offline or --out.',
    });
  }
  if (options.offline)
    refusePointless(options, ['--on', '--release'], '--offline asks no hypervisor');
  const out = options.out === undefined ? undefined : planPath(options.out);
  const workspace = openWorkspace(invocation.common);
  const ports = options.offline
    ? undefined
    : (await import('./ports.ts')).realPorts(invocation.common);
  const seen = await survey(workspace, ports, {
    ...options,
    signal: invocation.signal,
    ...(ports && { upstream: isJudged(options) ? ('awaited' as const) : ('wanted' as const) }),
  });
  seen.close();
  if (options.json) {
    // One document: that of the error, if it cannot be saved.
    if (out) requireSavable(seen);
    process.stdout.write(`${JSON.stringify({ kind: 'plan', ...seen.plan }, null, 2)}\n`);
  } else {
    process.stdout.write(
      planText(seen.plan, styleFor(process.stdout), {
        diffs: options.diff,
        offline: options.offline ?? false,
      }),
    );
    if (out) requireSavable(seen);
  }
  if (out) {
    savePlan(out, planFileOf(workspace, seen, options.on));
    process.stderr.write(`Saved. To carry out exactly this: fleet apply ${options.out}\n`);
  }
  return exitCodeOf(seen.plan, options);
}

/** Does somebody go by the exit code? */
const isJudged = ({ detailedExitcode }: PlanOptions): boolean =>
  detailedExitcode === true || Boolean(process.env.CI);

/** Pipelines go by it: what apply would refuse must not look like nothing to do. */
function exitCodeOf(plan: Plan, options: PlanOptions): number {
  const { hypervisors } = plan;
  if (isJudged(options) && isBlocked(plan)) return exitCodes.failed;
  // A plan that knows nothing must not look like one that found nothing.
  if (hypervisors.length > 0 && hypervisors.every((h) => h.unreachable !== undefined))
    return exitCodes.failed;
  if (!options.detailedExitcode) return exitCodes.ok;
  if (unmended(plan).length > 0) return exitCodes.failed;
  return hasChanges(plan) ? exitCodes.changes : exitCodes.ok;
}
