import { type Expected, expectedOf, nicsOf } from '../model/expected.ts';
import type { Facts, OpenDeployment } from '../model/facts.ts';
import type { Network, Vm } from '../model/fleet.ts';
import { deployedGateways } from '../model/gateways.ts';
import { isBusy, type VmFacts } from '../model/guest-facts.ts';
import type { FleetIndex } from '../model/index.ts';
import { logsOf, systemName, targetName } from '../model/names.ts';
import { outcomeWords } from '../model/result.ts';
import { fate } from '../model/take-up.ts';
import { timestamp } from '../model/time.ts';
import { checkBridge, checkVm, type PlanCheck } from './checks.ts';
import { collectedDrift } from './collected.ts';
import { stopText } from './held-stops.ts';
import type { Drift } from './plan.ts';
import { checkPlumbing, checkState } from './plumbing.ts';
import {
  rebootPending,
  systemRestartPending,
  vmRestartPending,
  waitText,
} from './restart-pending.ts';
import { writerDrift } from './second-writers.ts';

/** What differs on one hypervisor from what was last deployed. The actions say what to do about it. */
export function drift(
  index: FleetIndex,
  hypervisor: string,
  facts: Facts,
  /** Results of the checks in fleet.yaml, for guests that run. */
  probed: readonly PlanCheck[] = [],
  /** Held targets that are to be deployed again. */
  release: ReadonlySet<string> = new Set(),
): Drift[] {
  return [
    ...hostDrift(hypervisor, facts),
    ...writerDrift(hypervisor, facts),
    ...faults(hypervisorChecks(index, hypervisor, facts)),
    ...collectedDrift(index, hypervisor, facts),
    ...index.vmsOn(hypervisor).flatMap((vm) => {
      const seen = facts.vms.get(vm.name);
      const own = probed.filter(({ target }) => target === vm.name);
      return seen ? vmDrift(index, vm.name, seen, facts, own) : [];
    }),
    ...orphans(index, hypervisor, facts),
    ...[...facts.held].map(([name, held]): Drift => {
      const target = targetName(name, hypervisor);
      const since = `held by ${held.operator} since ${timestamp(held.since)}`;
      const message = release.has(target)
        ? `${since}; released: it follows fleet.yaml again`
        : `${since}; its changes in fleet.yaml wait for fleet apply --release ${target}`;
      return { target, code: 'held', message };
    }),
  ];
}

function hostDrift(hypervisor: string, facts: Facts): Drift[] {
  const found: Drift[] = [];
  const say = (code: Drift['code'], message: string) =>
    found.push({ target: hypervisor, code, message });
  const { checkout } = facts;
  const deployed = facts.deployed.get(systemName);
  if (checkout && checkout.dirty > 0) {
    const named = checkout.edited ?? [];
    const more = named.length < checkout.dirty ? ', …' : '';
    say(
      'dirty',
      `${checkout.dirty} file${checkout.dirty === 1 ? '' : 's'} in the checkout changed by hand${named.length > 0 ? ` (${named.join(', ')}${more})` : ''}`,
    );
  }
  if (deployed && facts.currentSystem !== deployed.path) {
    say('system', 'the running system is not the deployed one');
  }
  const profile = systemRestartPending(facts);
  if (profile) say('profile', profile);
  const reboot = rebootPending(facts);
  if (reboot) say('reboot', reboot);
  if (facts.takenCut)
    say(
      'uncounted',
      'disk use of its vms is unknown (du did not finish within 5 s); their volumes are counted at full size',
    );
  if (!deployed) {
    say(
      'no-recovery',
      'first deployment: should the power fail before it is confirmed, run fleet unlock; later ones recover at boot',
    );
  }
  const declared = [...facts.vms.values()]
    .filter((vm) => vm.declarative && vm.unit.active === 'active' && !deployed)
    .map((vm) => vm.name);
  if (declared.length > 0) {
    say(
      'declared',
      `${declared.join(', ')} ${declared.length > 1 ? 'are' : 'is'} in microvm.vms of the running system: this switch restarts none of them, but rolling it back would`,
    );
  }
  const { lock, ended } = facts;
  if (lock) say('lock', `${lockWords(lock)}; apply will ${lock.atWork ? 'refuse' : 'clean it up'}`);
  for (const open of facts.open) {
    if (open.id !== lock?.id)
      say('open-deployment', `deployment ${open.id} has not ended: ${fate(open)}`);
  }
  if (ended && ended.result !== 'done')
    say(
      'rolled-back',
      `the ${facts.open.length > 0 ? 'deployment before this one' : 'last deployment'} ended ${outcomeWords(ended.result)}: fleet history ${ended.id}`,
    );
  return found;
}

export function lockWords(lock: OpenDeployment): string {
  const { owner, operation, id, since } = lock;
  return `locked by ${owner}: ${operation} ${id}, since ${timestamp(since)}; ${fate(lock)}`;
}

/** The networks that were deployed on a hypervisor: one that is new in fleet.yaml is not missing yet. */
export function deployedNetworks(index: FleetIndex, hypervisor: string, facts: Facts): Network[] {
  if (!facts.deployed.has(systemName)) return [];
  const deployed = [...facts.deployed.values()].flatMap((d) => nicsOf(d.expected));
  return index
    .networksOn(hypervisor)
    .filter((network) => deployedGateways(network, deployed).length > 0);
}

/** All checks of a hypervisor except that of its system. */
export function hypervisorChecks(index: FleetIndex, name: string, facts: Facts): PlanCheck[] {
  const hypervisor = index.hypervisors.get(name);
  if (!hypervisor) return [];
  const deployed = [...facts.deployed.values()].flatMap((d) => nicsOf(d.expected));
  const networks = deployedNetworks(index, name, facts);
  return [
    ...networks.map((network) =>
      // fleet.yaml does not say which addresses a system that is held has.
      checkBridge(
        name,
        network.bridge,
        facts.held.has(systemName) ? [] : deployedGateways(network, deployed),
        facts,
      ),
    ),
    ...checkPlumbing(hypervisor, networks, facts),
    ...(facts.deployed.has(systemName) ? checkState(name, facts) : []),
  ];
}

/** What a failed check means to a plan. For checks that are not listed, drift has a line of its own. */
function faults(checks: readonly PlanCheck[]): Drift[] {
  return checks.flatMap(({ target, fault }) =>
    fault ? [{ target, code: fault.code, message: fault.says }] : [],
  );
}

/** How the deployed generation of a vm is reached; for one that was never deployed, as fleet.yaml says. */
export function reachedBy(index: FleetIndex, vm: Vm, facts: Facts): Expected {
  return facts.deployed.get(vm.name)?.expected ?? expectedOf(vm, index.networks);
}

/** The addresses that a bridge has to have; none if fleet.yaml has changed that network since. */
export function bridgeAddressOf(
  index: FleetIndex,
  vm: Vm,
  expected: Expected,
): { bridgeAddress?: string } {
  const network = index.networks.get(vm.nics[0]?.network ?? '');
  const [first] = nicsOf(expected);
  if (!network || !first) return {};
  const bridgeAddress = `${network.gateway}/${network.prefix}`;
  return deployedGateways(network, [first]).includes(bridgeAddress) ? { bridgeAddress } : {};
}

function vmDrift(
  index: FleetIndex,
  name: string,
  seen: VmFacts,
  facts: Facts,
  probed: readonly PlanCheck[],
): Drift[] {
  const vm = index.vms.get(name);
  if (!vm) return [];
  const found: Drift[] = [];
  const say = (code: Drift['code'], message: string) => found.push({ target: name, code, message });
  const active = seen.unit.active === 'active';
  const deployed = facts.deployed.get(name);
  if (deployed && seen.current !== deployed.path) {
    say('runner', 'current is not the deployed runner');
  }
  const pending = vmRestartPending(seen, deployed, facts.now);
  if (pending) say('restart-pending', pending);
  const waiting = facts.waiting.get(name);
  if (waiting) say('waiting', waitText(name, waiting, facts.now));
  const stop = facts.stopped.get(name);
  if (stop && !active) {
    const fate =
      vm.state === 'stopped'
        ? `fleet apply leaves it so: fleet start ${name}`
        : 'fleet apply starts it';
    say(stop.isHeld ? 'held' : 'stopped', `${stopText(stop)}; ${fate}`);
  } else if (vm.state === 'running' && !active) {
    const state = `microvm@${name} is ${seen.unit.active} (${seen.unit.sub})`;
    say('stopped', `${state}; its log: (${logsOf(name)})`);
  }
  if (isBusy(seen) && vm.state === 'stopped')
    say(
      'running',
      `runs, though ${stop?.isHeld ? `it was ${stopText(stop)}` : 'fleet.yaml says stopped'}; fleet apply stops it`,
    );
  else if (isBusy(seen) && stop)
    say(
      'running',
      `runs, though it was ${stopText(stop)}; a reboot would leave it stopped: fleet start ${name}`,
    );
  if (!active || !deployed?.expected) return found;
  const { expected } = deployed;
  const checks = checkVm(
    {
      name,
      runner: seen.booted ?? '',
      state: 'running',
      expected,
      ...bridgeAddressOf(index, vm, expected),
    },
    facts,
  );
  const offered = ['no-answer', 'helper', 'check'];
  return [
    ...found,
    ...faults([...checks, ...probed]).map((d) =>
      offered.includes(d.code)
        ? { ...d, message: `${d.message}: fleet apply --restart ${name}` }
        : d,
    ),
  ];
}

function orphans(index: FleetIndex, hypervisor: string, facts: Facts): Drift[] {
  const own = new Set(index.vmsOn(hypervisor).map((vm) => vm.name));
  const taps = new Set([
    ...index.vmsOn(hypervisor).flatMap((vm) => vm.nics.map(({ tap }) => tap)),
    // Bridges of vms that leave.
    ...[...facts.deployed.values()].flatMap((d) => nicsOf(d.expected)).map(({ tap }) => tap),
  ]);
  return [
    ...[...facts.vms.keys(), ...(facts.otherVms ?? [])]
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
