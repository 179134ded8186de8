import { FleetError } from '../model/errors.ts';
import { isBusy } from '../model/guest-facts.ts';
import type { Action } from '../plan/plan.ts';
import type { Context } from './context.ts';

/** What Nix and git print when disk or network failed, rather than their input. */
const worldly =
  /no space left|disk quota|unable to download|could ?n[o']t (resolve|connect)|cannot connect|connection (timed out|refused|reset)|network is unreachable|out of memory|killed/i;

/** Blames the commit for an evaluation or build that failed by itself. */
export function blameBuild(error: unknown): unknown {
  const isOwn =
    error instanceof FleetError &&
    error.code === 'remote.failed' &&
    !worldly.test(error.detail ?? '');
  return isOwn ? error.blaming('commit') : error;
}

/** A guest that only starts again, or joins its bridge, was not changed by the commit. */
const repairs = new Set<Action['kind']>(['start', 'restart', 'join']);

/**
 * Whom to blame for a guest that did not come up: the commit, if a look showed that its new runner failed. A failed
 * step alone proves nothing: somebody may have stopped it, or the machine went down.
 */
export async function blameGuest(ctx: Context, action: Action, error: unknown): Promise<unknown> {
  if (!(error instanceof FleetError)) return error;
  if (repairs.has(action.kind)) return error.blaming('world');
  if (error.code !== 'remote.failed' || worldly.test(error.detail ?? '')) return error;
  try {
    const health = await ctx.session.health();
    const seen = health.vms.get(action.target);
    const unit = seen?.unit.active ?? '';
    // A guest in a crash loop has a queued start between two tries.
    const isDown = /^(failed|activating)$/.test(unit) || (unit !== 'active' && isBusy(seen));
    const tried = health.bootId === ctx.before.bootId && isDown;
    return tried ? error.blaming('commit') : error;
  } catch {
    return error;
  }
}
