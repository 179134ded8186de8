import type { CheckResult } from '../model/check-result.ts';
import { type Expected, nicsOf } from '../model/expected.ts';
import type { Facts, Health } from '../model/facts.ts';
import type { Network } from '../model/fleet.ts';
import { gatewaysOf } from '../model/gateways.ts';
import { isBusy, type UnitFacts } from '../model/guest-facts.ts';
import type { Drift, Repair } from './plan.ts';

/** A check, with what its failure means to a plan. */
export interface PlanCheck extends CheckResult {
  /** Set if it failed. */
  readonly fault?: Fault;
}

/** What a failed check means to a plan. */
export interface Fault {
  readonly code: Drift['code'];
  /** The same as a sentence. */
  readonly says: string;
  /** What repairs it. */
  readonly repairs?: readonly Repair[];
}

/** How a vm should look: its runner, and how it is reached. */
export interface VmTarget {
  readonly name: string;
  readonly runner: string;
  readonly state: 'running' | 'stopped';
  readonly expected: Expected;
  readonly bridgeAddress?: string;
  /** Its address is unknown, so it is not pinged. */
  readonly isSilent?: true;
}

function check(
  target: string,
  name: string,
  expected: string,
  seen: string | undefined,
): PlanCheck {
  return { target, check: name, ok: seen === expected, expected, seen: seen ?? 'nothing' };
}

/** The checks that are made on every vm, except the settle time. */
export function checkVm(vm: VmTarget, facts: Health): PlanCheck[] {
  const seen = facts.vms.get(vm.name);
  const current = check(vm.name, 'current', vm.runner, seen?.current);
  if (vm.state === 'stopped') {
    const active = seen?.unit.active ?? 'inactive';
    const busy = isBusy(seen);
    return [
      current,
      {
        target: vm.name,
        check: 'stopped',
        ok: !busy,
        expected: 'inactive',
        // Between two tries of a guest in a crash loop, only a queued job or a helper shows that it is not stopped.
        seen: busy && active === 'inactive' ? 'about to start' : active,
      },
    ];
  }
  const bridge = facts.interfaces.get(vm.expected.bridge);
  const answered = facts.answers.get(vm.expected.address);
  const taps = nicsOf(vm.expected).map(({ tap, bridge }) => checkTap(vm.name, tap, bridge, facts));
  const hasAddress =
    vm.bridgeAddress === undefined || (bridge?.addresses.includes(vm.bridgeAddress) ?? false);
  // Then it is not the guest's fault.
  const isCutOff = !bridge?.up || !hasAddress || taps[0]?.ok === false;
  return [
    current,
    check(vm.name, 'booted', vm.runner, seen?.booted),
    check(vm.name, 'microvm@', 'active', unitState(seen?.unit)),
    ...(vm.expected.virtiofs === false
      ? []
      : [helper(vm.name, check(vm.name, 'virtiofsd', 'active', unitState(seen?.virtiofsd)))]),
    ...taps,
    ...(vm.bridgeAddress === undefined
      ? []
      : [
          {
            target: vm.name,
            check: 'bridge',
            ok: (bridge?.up ?? false) && hasAddress,
            expected: `${vm.expected.bridge} up with ${vm.bridgeAddress}`,
            seen: bridge
              ? `${vm.expected.bridge} ${bridge.up ? 'up' : 'down'} with ${bridge.addresses.join(', ') || 'no address'}`
              : `no ${vm.expected.bridge}`,
          },
        ]),
    ...(vm.isSilent ? [] : [checkAnswer(vm, answered, isCutOff)]),
  ];
}

function checkAnswer(
  { name, expected: { address } }: VmTarget,
  answered: boolean | undefined,
  isCutOff: boolean,
): PlanCheck {
  const seen = answered === undefined ? 'not asked' : answered ? 'ping' : 'no answer';
  const result = check(name, 'answers', 'ping', seen);
  if (answered !== false || isCutOff) return result;
  return { ...result, fault: { code: 'no-answer', says: `does not answer (ping ${address})` } };
}

function helper(name: string, result: PlanCheck): PlanCheck {
  if (result.ok) return result;
  const says = `microvm-virtiofsd@${name} is ${result.seen}`;
  return { ...result, fault: { code: 'helper', says } };
}

function checkTap(target: string, tap: string, bridge: string, facts: Health): PlanCheck {
  const link = facts.interfaces.get(tap);
  const found = link && `${tap} ${link.up ? 'up' : 'down'} in ${link.master ?? 'no bridge'}`;
  const result = check(target, 'tap', `${tap} up in ${bridge}`, found);
  if (result.ok) return result;
  const says = !link
    ? `${tap} is missing`
    : link.master !== bridge
      ? `${tap} is in ${link.master ?? 'no bridge'}, not in ${bridge}`
      : `${tap} is down`;
  return { ...result, fault: { code: 'tap', says } };
}

function unitState(unit: UnitFacts | undefined): string {
  if (!unit) return 'nothing';
  return unit.active === 'active' || !unit.sub ? unit.active : `${unit.active} (${unit.sub})`;
}

/** The checks that are made on every hypervisor. */
export function checkHypervisor(
  name: string,
  toplevel: string | undefined,
  networks: readonly Network[],
  facts: Health,
): PlanCheck[] {
  return [
    ...(toplevel === undefined
      ? []
      : [check(name, 'current system', toplevel, facts.currentSystem)]),
    ...networks.map((network) => checkBridge(name, network.bridge, gatewaysOf(network), facts)),
  ];
}

/** Checks that a bridge is up and has these addresses. */
export function checkBridge(
  target: string,
  name: string,
  addresses: readonly string[],
  facts: Pick<Facts, 'interfaces'>,
): PlanCheck {
  const bridge = facts.interfaces.get(name);
  const lacks = addresses.filter((address) => !bridge?.addresses.includes(address));
  const result = {
    target,
    check: `bridge ${name}`,
    ok: (bridge?.up ?? false) && lacks.length === 0,
    expected: addresses.length > 0 ? `up with ${addresses.join(', ')}` : 'up',
    seen: bridge
      ? `${bridge.up ? 'up' : 'down'} with ${bridge.addresses.join(', ') || 'no address'}`
      : 'nothing',
  };
  if (result.ok) return result;
  if (!bridge) return { ...result, fault: { code: 'bridge', says: `bridge ${name} is missing` } };
  const says = [
    ...(bridge.up ? [] : [`bridge ${name} is down`]),
    ...lacks.map((address) => `${name} has no ${address}`),
  ].join('; ');
  const repairs: Repair[] = [
    ...(bridge.up ? [] : [['link', name] as const]),
    ...lacks.map((address) => ['address', name, address] as const),
  ];
  return { ...result, fault: { code: bridge.up ? 'address' : 'link', says, repairs } };
}

/**
 * Units of fleet's that look after guests: they may fail because of guests long after a deployment, and each guest is
 * checked by itself.
 */
const isOwn = (unit: string): boolean =>
  /^fleet-(autostart|watch|sample|alerts|reconcile|gc|memory|(again|heal)@.*|dump-.*)\.(service|timer)$/.test(
    unit,
  );

/** Units that failed since `before`, because exit 4 of a switch may be about one that had failed long before. */
export function checkFailedUnits(name: string, before: Facts, facts: Facts): PlanCheck {
  const fresh = facts.failedUnits.filter((u) => !before.failedUnits.includes(u) && !isOwn(u));
  return {
    target: name,
    check: 'failed units',
    ok: fresh.length === 0,
    expected: 'none that did not fail before',
    seen: fresh.join(', ') || 'none',
  };
}

/**
 * Checks that a switch did not touch these guests: same invocation, TAP still in its bridge.
 * @param except vms that this deployment stops or changes itself
 */
export function checkUntouched(
  before: Facts,
  facts: Facts,
  except: ReadonlySet<string>,
): PlanCheck[] {
  return [...before.vms.values()]
    .filter((vm) => vm.unit.active === 'active' && !except.has(vm.name))
    .flatMap((vm): PlanCheck[] => {
      const now = facts.vms.get(vm.name);
      const expected = before.deployed.get(vm.name)?.expected;
      return [
        {
          target: vm.name,
          check: 'untouched',
          ok: now?.unit.active === 'active' && now.unit.invocation === vm.unit.invocation,
          expected: 'runs on, not restarted',
          seen: now?.unit.active === 'active' ? 'restarted' : unitState(now?.unit),
        },
        ...nicsOf(expected).flatMap(({ tap }) => {
          const bridge = before.interfaces.get(tap)?.master;
          if (!bridge) return [];
          const found = facts.interfaces.get(tap)?.master ?? 'no bridge';
          return [check(vm.name, 'tap', `in ${bridge}`, `in ${found}`)];
        }),
      ];
    });
}
