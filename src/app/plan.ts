import { unlessInterrupted } from '../deploy/interrupt.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import { hasChanges, isBlocked, type Plan, unmended } from '../plan/plan.ts';
import type { PlanFile } from '../plan/plan-file.ts';
import { staleness } from '../plan/staleness.ts';
import { looking } from './looking.ts';
import type { LocalPorts, Ports } from './ports.ts';
import { planFileOf } from './saved-plan.ts';
import type { Asking } from './survey/remote.ts';
import { type Survey, survey } from './survey/survey.ts';
import type { Where } from './workspace/where.ts';
import { openWorkspace } from './workspace/workspace.ts';

export { hasChanges, isBlocked, restartable, unmended } from '../plan/plan.ts';

export interface PlanInput {
  readonly where: Where;
  /** A selector; default: all. */
  readonly on?: string;
  /** Held vms or hypervisors to release and deploy again; comma-separated. */
  readonly release?: string;
  /** Guests to restart; comma-separated. */
  readonly restart?: string;
  /** `required` when the plan is to be applied. Default: `wanted`. */
  readonly upstream?: Asking;
  /** A plan of another process: plan the same selection again, and refuse if anything has moved. */
  readonly saved?: PlanFile;
}

/**
 * Looks at the desk, the remote and hypervisors, and plans. The result is the token for `apply`; its connections are
 * open, and the caller closes them. `planFileOf` turns it into a token for another process.
 * @throws ConfigError; FleetError `workspace.*`, `git.*`, `plan.stale`, for unknown names; Interrupted
 */
export async function plan(
  ports: Ports,
  { where, saved, upstream = 'wanted', ...chosen }: PlanInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<Survey> {
  emit({ type: 'phase', phase: 'survey' });
  const workspace = openWorkspace(ports, where);
  const { on, release, restart } = saved
    ? { on: saved.on ?? undefined, release: saved.release.join(','), restart: undefined }
    : chosen;
  const options = {
    ...(on && { on }),
    ...(release && { release }),
    ...(restart && { restart }),
    upstream,
    signal,
  };
  const look = async (ports: Ports): Promise<Survey> => {
    const seen = await survey(workspace, ports, options);
    if (saved) requireFresh(saved, planFileOf(seen));
    return seen;
  };
  return looking(ports, signal, look, true);
}

/**
 * The same from files alone: contacts no hypervisor and no remote.
 * @param against the commit to say of what changes and restarts since; default: the branch as it was last seen at the remote
 * @throws as `plan`; FleetError `plan.against`
 */
export function planOffline(
  ports: LocalPorts,
  where: Where,
  signal: AbortSignal,
  against?: string,
): Promise<Survey> {
  const workspace = openWorkspace(ports, where);
  const options = { signal, ...(against !== undefined && { against }) };
  return unlessInterrupted(signal, () => survey(workspace, ports, options));
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

/**
 * Pipelines go by it: what apply would refuse must not look like nothing to do.
 * @param how isJudged: somebody goes by it; isDetailed: changes are a code of their own, and so is what apply cannot mend
 */
export function exitCodeOf(
  plan: Plan,
  { isJudged, isDetailed }: { readonly isJudged: boolean; readonly isDetailed: boolean },
): number {
  const { hypervisors } = plan;
  if (isJudged && isBlocked(plan)) return exitCodes.failed;
  // A plan that knows nothing must not look like one that found nothing.
  if (hypervisors.length > 0 && hypervisors.every((h) => h.unreachable !== undefined))
    return exitCodes.failed;
  if (!isDetailed) return exitCodes.ok;
  if (unmended(plan).length > 0) return exitCodes.failed;
  return hasChanges(plan) ? exitCodes.changes : exitCodes.ok;
}
