import { type Facts, type OpenDeployment, systemName, type VmFacts } from '../host/facts.ts';
import { expectedOf, nicsOf, sameWiring } from '../model/expected.ts';
import { deployedGateways } from '../model/gateways.ts';
import type { FleetIndex } from '../model/index.ts';
import { collectedDrift } from './collected.ts';
import type { Drift } from './plan.ts';
import { rebootPending, systemRestartPending, vmRestartPending } from './restart-pending.ts';
import { writerDrift } from './second-writers.ts';

/** What is not as it was last deployed on one hypervisor. Says what is; the actions say what to do. */
export function drift(
  index: FleetIndex,
  hypervisor: string,
  facts: Facts,
  head: string | undefined,
): Drift[] {
  return [
    ...hostDrift(hypervisor, facts, head),
    ...writerDrift(hypervisor, facts),
    ...networkDrift(index, hypervisor, facts),
    ...collectedDrift(index, hypervisor, facts),
    ...index.vmsOn(hypervisor).flatMap((vm) => {
      const seen = facts.vms.get(vm.name);
      return seen ? vmDrift(index, vm.name, seen, facts) : [];
    }),
    ...orphans(index, hypervisor, facts),
    ...[...facts.held].map(
      ([name, held]): Drift => ({
        target: name === systemName ? hypervisor : name,
        code: 'held',
        message: `held back by ${held.operator} since ${timestamp(held.since)} (fleet apply --release ${name === systemName ? hypervisor : name})`,
      }),
    ),
  ];
}

/** Minutes are enough, and UTC is what the logs of hypervisors have. */
export function timestamp(seconds: number): string {
  // A record that was cut short must not keep anybody from reading the rest.
  if (!(seconds > 0 && seconds < 253_402_300_800)) return 'an unknown time';
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function hostDrift(hypervisor: string, facts: Facts, head: string | undefined): Drift[] {
  const found: Drift[] = [];
  const say = (code: Drift['code'], message: string) =>
    found.push({ target: hypervisor, code, message });
  const { checkout } = facts;
  const deployed = facts.deployed.get(systemName);
  if (checkout?.commit && head && checkout.commit !== head && deployed) {
    say(
      'commit',
      `checkout is at ${checkout.commit.slice(0, 8)}, the repository at ${head.slice(0, 8)}`,
    );
  }
  if (checkout && checkout.dirty > 0) {
    say(
      'dirty',
      `${checkout.dirty} file${checkout.dirty === 1 ? '' : 's'} in the checkout changed by hand`,
    );
  }
  if (deployed && facts.currentSystem !== deployed.path) {
    say('system', 'the running system is not the one that was deployed');
  }
  const profile = systemRestartPending(facts);
  if (profile) say('profile', profile);
  const reboot = rebootPending(facts);
  if (reboot) say('reboot', reboot);
  if (!deployed) {
    say(
      'no-recovery',
      'what puts an unfinished deployment in order after a power cut comes with this one; until then fleet unlock does',
    );
  }
  const declared = [...facts.vms.values()]
    .filter((vm) => vm.declarative && vm.unit.active === 'active' && !deployed)
    .map((vm) => vm.name);
  if (declared.length > 0) {
    say(
      'declared',
      `${declared.join(', ')} ${declared.length > 1 ? 'are' : 'is'} in microvm.vms of the system that runs: the switch restarts none of them, but should it be rolled back, the switch to the system of today does`,
    );
  }
  const { lock } = facts;
  if (lock)
    say('lock', `${lockWords(lock)}; apply will ${lock.atWork ? 'refuse' : 'put it in order'}`);
  for (const open of facts.open) {
    if (open.id !== lock?.id)
      say('open-deployment', `deployment ${open.id} has not ended: ${fate(open)}`);
  }
  return found;
}

function lockWords(lock: OpenDeployment): string {
  const { owner, operation, id, since } = lock;
  return `locked by ${owner}: ${operation} ${id}, since ${timestamp(since)}; ${fate(lock)}`;
}

/** What becomes of a deployment without fleet. */
function fate({ atWork, decided, left }: OpenDeployment): string {
  if (!atWork) return 'nobody is at work at it any more';
  if (decided === 'back') return 'it is being put back';
  if (decided === 'confirmed') return 'it is confirmed and about to end';
  return `without fleet it puts itself back ${whenBack(left)}`;
}

/** Of the seconds that are left to fleet; the way back waits for a step, too. */
export function whenBack(left: number): string {
  return left > 0 ? `in ${left} s` : 'when the step in hand has ended';
}

function networkDrift(index: FleetIndex, hypervisor: string, facts: Facts): Drift[] {
  if (!facts.deployed.has(systemName)) return [];
  const deployed = [...facts.deployed.values()].flatMap((d) => nicsOf(d.expected));
  return index.networksOn(hypervisor).flatMap((network): Drift[] => {
    const wanted = deployedGateways(network, deployed);
    if (wanted.length === 0) return [];
    const bridge = facts.interfaces.get(network.bridge);
    if (!bridge) {
      return [
        { target: hypervisor, code: 'bridge', message: `bridge ${network.bridge} is missing` },
      ];
    }
    return wanted
      .filter((address) => !bridge.addresses.includes(address))
      .map((address) => ({
        target: hypervisor,
        code: 'address',
        message: `${network.bridge} has no ${address}`,
      }));
  });
}

function vmDrift(index: FleetIndex, name: string, seen: VmFacts, facts: Facts): Drift[] {
  const vm = index.vms.get(name);
  if (!vm) return [];
  const found: Drift[] = [];
  const say = (code: Drift['code'], message: string) => found.push({ target: name, code, message });
  const active = seen.unit.active === 'active';
  const deployed = facts.deployed.get(name);
  if (deployed && seen.current !== deployed.path) {
    say('runner', 'current is not the runner that was deployed');
  }
  const pending = vmRestartPending(seen, deployed, facts.now);
  if (pending) say('restart-pending', pending);
  if (vm.state === 'running' && !active) {
    say('stopped', `microvm@${name} is ${seen.unit.active} (${seen.unit.sub})`);
  }
  if (vm.state === 'stopped' && active) say('running', 'runs, though fleet.yaml says stopped');
  const expected = expectedOf(vm, index.networks);
  if (!active || !deployed?.expected || !sameWiring(deployed.expected, expected)) return found;
  for (const { tap, bridge } of nicsOf(expected)) {
    const link = facts.interfaces.get(tap);
    if (!link) say('tap', `${tap} is missing`);
    else if (link.master !== bridge) {
      say('tap', `${tap} is in ${link.master ?? 'no bridge'}, not in ${bridge}`);
    }
  }
  return found;
}

function orphans(index: FleetIndex, hypervisor: string, facts: Facts): Drift[] {
  const own = new Set(index.vmsOn(hypervisor).map((vm) => vm.name));
  const taps = new Set([
    ...index.vmsOn(hypervisor).flatMap((vm) => vm.nics.map(({ tap }) => tap)),
    // Those of vms that leave.
    ...[...facts.deployed.values()].flatMap((d) => nicsOf(d.expected)).map(({ tap }) => tap),
  ]);
  return [
    ...[...facts.vms.keys()]
      .filter((name) => !own.has(name) && !facts.deployed.has(name))
      .map(
        (name): Drift => ({
          target: name,
          code: 'orphan',
          message: `/var/lib/microvms/${name} belongs to no vm of the fleet; fleet leaves it alone`,
        }),
      ),
    ...[...facts.vms.values()].flatMap((vm): Drift[] => {
      if (own.has(vm.name)) return [];
      const message = vmRestartPending(vm, facts.deployed.get(vm.name), facts.now);
      return message ? [{ target: vm.name, code: 'restart-pending', message }] : [];
    }),
    ...[...facts.interfaces.keys()]
      .filter((name) => name.startsWith('vm-') && !taps.has(name))
      .map(
        (name): Drift => ({
          target: name,
          code: 'orphan',
          message: `interface ${name} on ${hypervisor} belongs to no vm of the fleet`,
        }),
      ),
  ];
}
