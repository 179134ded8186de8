import { FleetError } from '../model/errors.ts';
import { isBusy } from '../model/guest-facts.ts';
import type { Action } from '../plan/plan.ts';
import type { Context } from './context.ts';

/** What Nix and git say when disk or network fail them, and not what they were given. */
const worldly =
  /no space left|disk quota|unable to download|could ?n[o']t (resolve|connect)|cannot connect|connection (timed out|refused|reset)|network is unreachable|out of memory|killed/i;

/** A build that failed by itself, or an evaluation, is the commit's doing. */
export function blameBuild(error: unknown): unknown {
  const isOwn =
    error instanceof FleetError &&
    error.code === 'remote.failed' &&
    !worldly.test(error.detail ?? '');
  return isOwn ? error.blaming('commit') : error;
}

/** Of a guest that only starts again, or joins its bridge, the commit has changed nothing. */
const repairs = new Set<Action['kind']>(['start', 'restart', 'join']);

/**
 * Whose doing it is that a guest did not come up: the commit's where a look says that its new runner
 * failed. A step that failed alone says nothing: somebody may have stopped it, or the machine went down.
 */
export async function blameGuest(ctx: Context, action: Action, error: unknown): Promise<unknown> {
  if (!(error instanceof FleetError)) return error;
  if (repairs.has(action.kind)) return error.blaming('world');
  if (error.code !== 'remote.failed' || worldly.test(error.detail ?? '')) return error;
  try {
    const health = await ctx.session.health();
    const seen = health.vms.get(action.target);
    const unit = seen?.unit.active ?? '';
    // Between two tries of a guest that crashes a start is queued.
    const isDown = /^(failed|activating)$/.test(unit) || (unit !== 'active' && isBusy(seen));
    const tried = health.bootId === ctx.before.bootId && isDown;
    return tried ? error.blaming('commit') : error;
  } catch {
    return error;
  }
}
