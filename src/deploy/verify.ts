import type { Host } from '../host/host.ts';
import { readFacts, readHealth } from '../host/hypervisor/look.ts';
import type { CheckResult } from '../model/check-result.ts';
import type { Facts, Health } from '../model/facts.ts';
import type { Hypervisor, Vm } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import { logsOf, systemName } from '../model/names.ts';
import { fate } from '../model/take-up.ts';
import type { Clock } from '../model/time.ts';
import { unknownState } from '../model/unknown-state.ts';
import type { Note, Verification } from '../model/verification.ts';
import { checkHypervisor, checkVm } from '../plan/checks.ts';
import { collectedRunners } from '../plan/collected.ts';
import { bridgeAddressOf, hypervisorChecks, reachedBy } from '../plan/drift.ts';
import { heedStops, stopText } from '../plan/held-stops.ts';
import { rebootPending, systemRestartPending, vmRestartPending } from '../plan/restart-pending.ts';
import { guestAddresses } from './context.ts';
import { probe } from './probes.ts';

/**
 * Looks at one hypervisor and its vms, and once more after the settle time: a guest in a restart
 * loop may be healthy at any single look. Only reads: recording which guests start after a reboot is up to
 * deployments.
 */
export async function verifyHypervisor(
  index: FleetIndex,
  hypervisor: Hypervisor,
  host: Host,
  clock: Clock,
  targets: ReadonlySet<string>,
): Promise<Verification> {
  const addresses = guestAddresses(index, hypervisor.name);
  const first = await readFacts(host, hypervisor, 'brief', addresses);
  const heeded = heedStops(index, new Map([[hypervisor.name, first]]));
  const vms = heeded.vmsOn(hypervisor.name).filter((vm) => targets.has(vm.name));
  const checks = [
    ...(targets.has(hypervisor.name)
      ? checkHypervisor(
          hypervisor.name,
          first.deployed.get(systemName)?.path,
          // What is new in fleet.yaml does not count as missing, except on a host that fleet never deployed to.
          first.deployed.has(systemName) ? [] : index.networksOn(hypervisor.name),
          first,
        )
      : []),
    ...(targets.has(hypervisor.name) ? hypervisorChecks(index, hypervisor.name, first) : []),
    ...(targets.has(hypervisor.name)
      ? [
          restartPending(hypervisor.name, systemRestartPending(first)),
          ...collectedRunners(first).map((lost) => runnerLost(lost.target, lost.message)),
        ]
      : []),
    ...vms.flatMap((vm) => lookAt(index, vm, first)),
  ];
  for (const vm of vms) {
    if (vm.state !== 'running' || vm.checks.length === 0) continue;
    checks.push(...(await probe(host, vm.name, reachedBy(index, vm, first).address, vm.checks)));
  }
  await clock.sleep(index.fleet.rollout.settle);
  const second = await readHealth(host);
  checks.push(...vms.flatMap((vm) => settled(vm, first, second, index.fleet.rollout.settle)));
  const failing = new Set(checks.filter((c) => !c.ok).map((c) => c.target));
  return {
    checks,
    notes: [
      ...stateNotes(hypervisor.name, first),
      ...vms
        .filter((vm) => failing.has(vm.name))
        .map(({ name }) => ({
          target: name,
          text: `its log: ${logsOf(name)}`,
        })),
      ...vms.flatMap((vm) => stopNotes(vm, first)),
      ...underWay(hypervisor.name, first),
      ...(targets.has(hypervisor.name) ? notes(index, hypervisor.name, first) : []),
    ],
  };
}

/** Worth saying, but no failure: a pending reboot boots what was deployed, and fleet does not manage these vms. */
function notes(index: FleetIndex, hypervisor: string, facts: Facts): Note[] {
  const reboot = rebootPending(facts);
  return [
    ...(reboot ? [{ target: hypervisor, text: reboot }] : []),
    ...[...facts.vms.values()]
      .filter((vm) => index.vms.get(vm.name)?.on !== hypervisor)
      .flatMap((vm) => {
        const text = vmRestartPending(vm, facts.deployed.get(vm.name), facts.now);
        return text
          ? [{ target: vm.name, text: `${text} (fleet.yaml does not have it here)` }]
          : [];
      }),
  ];
}

/** State in a version that this fleet does not know may be misread. */
function stateNotes(target: string, facts: Facts): Note[] {
  const text = unknownState(facts);
  return text === undefined ? [] : [{ target, text }];
}

/** Who wanted it so: what fails is no surprise then. */
function stopNotes({ name, state }: Vm, facts: Facts): Note[] {
  const stop = facts.stopped.get(name);
  if (!stop) return [];
  const fate = state === 'stopped' ? `fleet start ${name} releases it` : 'fleet apply starts it';
  return [{ target: name, text: `${stopText(stop)}; ${fate}` }];
}

/** During a deployment vms may differ from what was last deployed. */
function underWay(target: string, { open }: Facts): Note[] {
  return open.map((one) => ({
    target,
    text: `${one.operation} ${one.id} of ${one.owner} is under way: what fails may be what it is about; ${fate(one)}`,
    ...(one.atWork && { code: 'locked' as const }),
  }));
}

function restartPending(target: string, pending: string | undefined): CheckResult {
  return {
    target,
    check: 'restart pending',
    ok: pending === undefined,
    expected: 'none',
    seen: pending ?? 'none',
  };
}

function runnerLost(target: string, seen: string): CheckResult {
  return { target, check: 'runner', ok: false, expected: 'in the store', seen };
}

function lookAt(index: FleetIndex, vm: Vm, facts: Facts): CheckResult[] {
  // A vm that was never deployed is compared with what it runs now.
  const seen = facts.vms.get(vm.name);
  const deployed = facts.deployed.get(vm.name);
  const expected = reachedBy(index, vm, facts);
  const checks = checkVm(
    {
      name: vm.name,
      runner: deployed?.path ?? seen?.current ?? 'deployed',
      state: vm.state,
      expected,
      ...bridgeAddressOf(index, vm, expected),
    },
    facts,
  );
  const pending = seen && vmRestartPending(seen, deployed, facts.now);
  return [...checks, restartPending(vm.name, pending)];
}

function settled(vm: Vm, first: Facts, second: Health, settleMs: number): CheckResult[] {
  const before = first.vms.get(vm.name);
  const after = second.vms.get(vm.name);
  if (vm.state !== 'running' || before?.unit.active !== 'active') return [];
  const same = (unit: 'unit' | 'virtiofsd') => after?.[unit].invocation === before[unit].invocation;
  const ok = after?.unit.active === 'active' && same('unit') && same('virtiofsd');
  return [
    {
      target: vm.name,
      check: 'settled',
      ok,
      expected: `same invocation for ${settleMs / 1000} s`,
      seen: ok
        ? `same invocation for ${settleMs / 1000} s`
        : after?.unit.active === 'active'
          ? 'restarted'
          : (after?.unit.active ?? 'gone'),
    },
  ];
}
