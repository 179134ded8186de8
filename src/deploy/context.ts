import type { Emit } from '../model/events.ts';
import { expectedOf } from '../model/expected.ts';
import type { Facts } from '../model/facts.ts';
import type { Vm } from '../model/fleet.ts';
import { isBusy } from '../model/guest-facts.ts';
import type { FleetIndex } from '../model/index.ts';
import type { Clock } from '../model/time.ts';
import type { VmTarget } from '../plan/checks.ts';
import type { Session } from './session.ts';

/** One hypervisor's deployment while it runs. */
export interface Context {
  readonly index: FleetIndex;
  readonly session: Session;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Facts from before anything changed, read under the lock. */
  readonly before: Facts;
  /** Vms that were seen healthy, and how they must still look when everything is confirmed. */
  readonly seenHealthy: Map<string, VmTarget>;
}

/**
 * Guests that this deployment leaves alone and that start after a reboot only if they were last seen healthy. They are
 * looked at once, too: otherwise one that fleet has never looked at would not start.
 */
export function unchangedGuests(ctx: Context): VmTarget[] {
  return ctx.index.vmsOn(ctx.session.hypervisor.name).flatMap((vm) => {
    const runner = ctx.before.vms.get(vm.name)?.current;
    if (vm.autostart !== 'healthy' || ctx.seenHealthy.has(vm.name) || !runner) return [];
    // What counts is how it was when somebody stopped it.
    if (ctx.before.stopped.has(vm.name)) return [];
    return [desiredTarget(ctx, vm, runner)];
  });
}

/** How a vm should look on a runner, according to fleet.yaml. */
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

/** How the vm looked before; undefined if it did not exist or had no runner. */
export function targetBefore(ctx: Context, name: string): VmTarget | undefined {
  const seen = ctx.before.vms.get(name);
  const running = isBusy(seen);
  // Only the hypervisor knows which runner it returns to.
  const runner = running ? (seen?.booted ?? seen?.current) : seen?.current;
  const vm = ctx.index.vms.get(name);
  const expected =
    ctx.before.deployed.get(name)?.expected ??
    (vm?.on === ctx.session.hypervisor.name ? expectedOf(vm, ctx.index.networks) : undefined);
  if (!runner || !expected) return undefined;
  return { name, runner, state: running ? 'running' : 'stopped', expected };
}

/**
 * Addresses of the guests that should run on a hypervisor, both from fleet.yaml and from what is deployed: a guest that
 * is held, or not changed yet, still answers at its old address.
 */
export function guestAddresses(index: FleetIndex, hypervisor: string): string[] {
  const own = index
    .vmsOn(hypervisor)
    .filter((vm) => vm.state === 'running')
    .map((vm) => expectedOf(vm, index.networks).address);
  return ['deployed', ...own];
}

/** Addresses of the guests that run on a hypervisor: pinged before a change, to know which answered then. */
export function addressesOf(index: FleetIndex, hypervisor: string, facts: Facts): string[] {
  return [...facts.vms.values()]
    .filter((seen) => seen.unit.active === 'active')
    .flatMap(({ name }) => {
      const vm = index.vms.get(name);
      const own = vm?.on === hypervisor ? expectedOf(vm, index.networks).address : undefined;
      return facts.deployed.get(name)?.expected?.address ?? own ?? [];
    });
}
