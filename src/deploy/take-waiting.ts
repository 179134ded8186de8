import * as steps from '../host/hypervisor/steps.ts';
import { FleetError } from '../model/errors.ts';
import { formatExpected } from '../model/expected.ts';
import type { Vm } from '../model/fleet.ts';
import { reachedBy } from '../plan/drift.ts';
import { type Context, desiredTarget } from './context.ts';
import { withReason } from './failure.ts';
import { checkpoint } from './interrupt.ts';
import { bringUpAll, type Guest } from './side-by-side.ts';
import { seeHealthy } from './vm-steps.ts';
import type { Work } from './work.ts';

/**
 * Restarts vms onto runners that were built before and have waited for it: no git, no build, no evaluation. Verified like a
 * deployment, and undone when one is not healthy on it.
 */
export function takingWaiting(vms: readonly Vm[]): Work {
  return {
    prepare: async () => undefined,
    activate: async (ctx) => {
      const targets = vms.map(({ name }) => name);
      ctx.session.phase('guests', targets);
      const guests = vms.map(
        (vm): Guest => ({
          name: vm.name,
          changes: true,
          bringUp: (own, onHealthy) => takeUp(own, vm, onHealthy),
        }),
      );
      await bringUpAll(ctx, guests);
      return {
        lines: vms.map(({ name }) => `${name} restarted on what was built for it`),
        recorded: vms.map(({ name }) => {
          const { fingerprint, path, commit, expected } = waitingOf(ctx, name);
          return {
            ...{ name, fingerprint, path, commit, generation: 'new' as const },
            before: ctx.before.vms.get(name)?.current,
            expected: expected && formatExpected(expected),
          };
        }),
        released: [],
        held: [],
      };
    },
  };
}

async function takeUp(ctx: Context, vm: Vm, onHealthy: () => void): Promise<void> {
  checkpoint(ctx.signal);
  const { path, expected = reachedBy(ctx.index, vm, ctx.before) } = waitingOf(ctx, vm.name);
  const { stopTimeout } = ctx.index.fleet.rollout;
  try {
    const how = { name: vm.name, stopTimeout, runs: true };
    await ctx.session.step(steps.setRunner(how, path, `restart ${vm.name}`));
    const target = { ...desiredTarget(ctx, vm, path), state: 'running' as const, expected };
    await seeHealthy(ctx, vm, target, onHealthy);
  } catch (error) {
    throw await withReason(ctx.session, error, [vm.name]);
  }
}

/** @throws FleetError `operation.waits-no-more` when somebody else has taken it since it was seen */
function waitingOf({ before }: Context, name: string) {
  const waiting = before.waiting.get(name);
  if (waiting) return waiting;
  throw new FleetError('operation.waits-no-more', `${name} waits for no restart any more`, {
    hint: `Somebody has deployed meanwhile: fleet status ${name}`,
  });
}
