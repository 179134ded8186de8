import { neededBy } from '../model/order.ts';
import type { Context } from './context.ts';
import { inTurns } from './parallel.ts';

/** A guest to bring up. */
export interface Guest {
  readonly name: string;
  /** Whether it gets another runner: then how it settles shows what to expect of the others that change. */
  readonly changes: boolean;
  /**
   * Changes it, and looks at it until it has settled; `onHealthy` is told when it is healthy first.
   * Ends early when the signal of `ctx` says so. @throws whatever is wrong with it
   */
  bringUp(ctx: Context, onHealthy: () => void): Promise<void>;
}

/**
 * Brings guests up in the order given, at most `maxParallelVms` at a time, none before those that it
 * depends on are healthy. All up to the first that changes and runs settle alone, so that a change that kills guests
 * kills only one. From then on the next begins when the one before is healthy, and all settle side by side; one that
 * fails meanwhile stops the rest.
 * @throws the first failure, when nobody is at work any more
 */
export async function bringUpAll(ctx: Context, guests: readonly Guest[]): Promise<void> {
  const stop = new AbortController();
  const own = { ...ctx, signal: AbortSignal.any([ctx.signal, stop.signal]) };
  let failure: { readonly error: unknown } | undefined;
  const bringUp = async (guest: Guest, onHealthy: () => void): Promise<void> => {
    if (failure) return;
    try {
      await guest.bringUp(own, onHealthy);
    } catch (error) {
      failure ??= { error };
      stop.abort();
    }
  };
  const shows = ({ name, changes }: Guest) =>
    changes && ctx.index.vms.get(name)?.state !== 'stopped';
  const alone = guests.findIndex(shows) + 1;
  for (const guest of guests.slice(0, alone)) await bringUp(guest, () => {});
  const needs = ({ name }: Guest) => {
    const vm = ctx.index.vms.get(name);
    const needed = vm && neededBy(ctx.index.vms, vm);
    return guests.filter((other) => needed?.has(other.name));
  };
  await inTurns(guests.slice(alone), ctx.index.fleet.rollout.maxParallelVms, needs, bringUp);
  if (failure) throw failure.error;
}
