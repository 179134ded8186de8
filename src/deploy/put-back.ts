import type { WayBack } from '../host/answers/way-back.ts';
import { takeWayBack } from '../host/hypervisor/deployment.ts';
import { isLost } from '../host/lost.ts';
import { FleetError } from '../model/errors.ts';
import { systemName } from '../model/names.ts';
import type { HypervisorResult } from '../model/result.ts';
import type { Context } from './context.ts';
import { toBlame } from './host-fault.ts';
import { lookAgain, type Seen } from './look-again.ts';

/** Ms after the lease has run out during which fleet still tries to reach a hypervisor. */
export const graceMs = 30_000;

/** How a roll-back of one hypervisor went. */
export interface PutBack extends Pick<HypervisorResult, 'outcome' | 'lines'> {
  /** What happened to the hypervisor meanwhile, if that is to blame rather than what was deployed. */
  readonly world?: FleetError;
}

/**
 * Has a hypervisor roll back, or finds that it did so by itself, and looks at everything that ran
 * before. Does not throw.
 */
export async function putBack(ctx: Context): Promise<PutBack> {
  const { session } = ctx;
  // However that went, look at the result.
  session.bootId = undefined;
  try {
    const back = await wayBack(ctx);
    const { isChanged } = back;
    const wrong = [...back.wrong];
    const isDone = back.result === 'done';
    if (isDone) wrong.push('already confirmed; use fleet rollback');
    const { bad, ill, restarted } = isChanged && !isDone ? await lookAgain(ctx, back) : nothingSeen;
    wrong.push(...bad.values());
    const outcome = wrong.length > 0 ? 'rollback-failed' : isChanged ? 'rolled-back' : 'untouched';
    const lines = back.started
      .filter((name) => !bad.has(name))
      .map((name) =>
        ill.has(name)
          ? `${name} is on its previous runner; it had just started before this, or kept crashing`
          : `${name} runs as before`,
      );
    if (back.hasSwitched && !bad.has(systemName))
      lines.unshift(`${session.hypervisor.name} is on its previous system`);
    for (const name of restarted)
      lines.push(`${name} was restarted by the switch to the previous system, and runs`);
    const world = toBlame(back, {
      name: session.hypervisor.name,
      bootId: ctx.before.bootId,
      confirm: ctx.index.fleet.rollout.confirm,
    });
    return { outcome, lines: [...lines, ...wrong], ...(world && { world }) };
  } catch (error) {
    const { message } = asFleetError(error);
    const lines = isLost(error)
      ? [
          `unreachable; it rolls itself back after ${ctx.index.fleet.rollout.confirm / 1000} s (rollout.confirm) without contact`,
          `fleet could not verify this (${message})`,
        ]
      : [message];
    return { outcome: 'rollback-failed', lines };
  }
}

const nothingSeen: Seen = { bad: new Map(), ill: new Set(), restarted: [] };

async function wayBack({ session, index }: Context): Promise<WayBack> {
  const take = () => session.during('roll back', () => takeWayBack(session.host, session.id));
  try {
    return await take();
  } catch (error) {
    if (!isLost(error)) throw error;
    // The link was lost before, or when the old system was activated. The hypervisor rolls back without fleet, too, and
    // the old system lets fleet in as before.
    await session.reconnectWithin(index.fleet.rollout.confirm + graceMs, true);
    return take();
  }
}

/** Tells bugs from foreseen failures: a bug keeps its stack. */
export function asFleetError(error: unknown): FleetError {
  if (error instanceof FleetError) return error;
  const bug = error instanceof Error ? error : new Error(String(error));
  return new FleetError('internal', bug.message, {
    cause: bug,
    ...(bug.stack && { detail: bug.stack }),
  });
}
