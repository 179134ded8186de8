import type { Facts } from '../host/facts.ts';
import type { Vm } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import { type Expected, expectedOf } from '../model/expected.ts';
import type { VmTarget } from './checks.ts';
import type { Emit } from './events.ts';
import type { Clock } from './ports.ts';
import type { Session } from './session.ts';
import type { Undo } from './undo.ts';

/** One hypervisor's deployment while it runs. */
export interface Context {
  readonly index: FleetIndex;
  readonly session: Session;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** What was there before anything changed, read under the lock. */
  readonly before: Facts;
  /** How to take back what was done so far. */
  readonly undos: Undo[];
  /** Vms that ran before and that this deployment stopped or changed. */
  readonly touched: Set<string>;
}

/** How a vm should look on a runner, by fleet.yaml. */
export function desiredTarget(ctx: Context, vm: Vm, runner: string): VmTarget {
  const expected = expectedOf(vm, ctx.index.networks);
  const network = ctx.index.networks.get(vm.nics[0]?.network ?? '');
  return {
    name: vm.name,
    runner,
    state: vm.state,
    expected,
    ...(network && { bridgeAddress: `${network.gateway}/${network.prefix}` }),
  };
}

/** How it looked before: undefined for a vm that was not there or had no runner. */
export function formerTarget(ctx: Context, name: string): VmTarget | undefined {
  const seen = ctx.before.vms.get(name);
  if (!seen?.current) return undefined;
  const running = seen.unit.active === 'active';
  const expected = formerExpected(ctx, name);
  if (!expected) return undefined;
  return {
    name,
    // A guest whose current was flipped by hand ran on what it had booted.
    runner: seen.current,
    state: running ? 'running' : 'stopped',
    expected,
  };
}

function formerExpected(ctx: Context, name: string): Expected | undefined {
  const vm = ctx.index.vms.get(name);
  return (
    ctx.before.deployed.get(name)?.expected ??
    (vm && vm.on === ctx.session.hypervisor.name ? expectedOf(vm, ctx.index.networks) : undefined)
  );
}

/** Seconds a guest may take to stop, as the scripts want them. */
export function stopSeconds(ctx: Context): string {
  return String(Math.ceil(ctx.index.fleet.rollout.stopTimeout / 1000));
}
