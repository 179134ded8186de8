import { readFleet } from '../../src/config/read-fleet.ts';
import { type Expected, expectedOf, nicsOf } from '../../src/model/expected.ts';
import type { Facts, OpenDeployment } from '../../src/model/facts.ts';
import { gatewaysOf } from '../../src/model/gateways.ts';
import type { UnitFacts, VmFacts } from '../../src/model/guest-facts.ts';
import { type FleetIndex, indexFleet } from '../../src/model/index.ts';
import { systemName } from '../../src/model/names.ts';
import { makePlan, type PlanInput } from '../../src/plan/make-plan.ts';
import type { Action, HypervisorPlan, Plan } from '../../src/plan/plan.ts';
import { select } from '../../src/plan/selectors.ts';

/** Two hypervisors; web1 needs db1, which is on another network of hv1. */
export const twoHypervisors = `
version: 1
name: example
hypervisors:
  hv1: { ssh: root@192.0.2.1, system: x86_64-linux, stateVersion: "25.11", uplink: eth0, tags: [eu] }
  hv2: { ssh: root@192.0.2.2, system: x86_64-linux, stateVersion: "25.11", uplink: eth0 }
networks:
  front: { subnet: 10.1.0.0/24 }
  back: { subnet: 10.2.0.0/24 }
  other: { subnet: 10.3.0.0/24 }
vms:
  db1: { on: hv1, network: back, address: 10.2.0.2 }
  web1: { on: hv1, network: front, address: 10.1.0.2, dependsOn: [db1], tags: [canary] }
  web2: { on: hv2, network: other, address: 10.3.0.2 }
`;

export function index(yaml: string = twoHypervisors): FleetIndex {
  const read = readFleet(yaml, 'fleet.yaml');
  if ('diagnostics' in read) throw new Error(JSON.stringify(read.diagnostics, null, 2));
  return indexFleet(read.fleet);
}

export const head = 'a'.repeat(40);

export const unit = (active = 'active', more: Partial<UnitFacts> = {}): UnitFacts => ({
  active,
  sub: active === 'active' ? 'running' : 'dead',
  invocation: active === 'active' ? 'i1' : '',
  ...more,
});

/** A deployment of somebody's that is at work. */
export const openDeployment = (id: string, more: Partial<OpenDeployment> = {}): OpenDeployment => ({
  id,
  owner: 'ada@desk',
  operation: 'apply',
  since: 1_760_000_000,
  decided: undefined,
  left: 90,
  atWork: true,
  ...more,
});

export const runner = (name: string): string => `/nix/store/old-${name}`;
export const toplevel = '/nix/store/old-system';

/** The fingerprints of `deployedFacts`: nothing changed since. */
export function sameFingerprints(fleet: FleetIndex): Map<string, string> {
  return new Map(
    [...fleet.fleet.hypervisors, ...fleet.fleet.vms].map(({ name }) => [name, `print-${name}`]),
  );
}

/** A host that fleet has never deployed to. */
export const emptyFacts: Facts = {
  now: 1_760_000_000,
  bootId: 'boot',
  fleet: undefined,
  machine: 'x86_64',
  clientAddress: '198.51.100.7',
  ownAddress: '192.0.2.1',
  sshdPort: 22,
  currentSystem: toplevel,
  bootedSystem: toplevel,
  systemProfile: toplevel,
  currentSystemSince: undefined,
  systemProfileSince: undefined,
  rebootFor: [],
  missingTools: [],
  takenKiB: new Map(),
  freeKiB: new Map([['/nix/store', 9_000_000]]),
  memory: { totalKiB: 32_000_000, availableKiB: 24_000_000 },
  processors: 8,
  writers: [],
  collecting: false,
  lock: undefined,
  checkout: undefined,
  deployed: new Map(),
  gone: new Set(),
  lost: new Map(),
  unrooted: new Set(),
  held: new Map(),
  stopped: new Map(),
  waiting: new Map(),
  aside: new Map(),
  open: [],
  vms: new Map(),
  failedUnits: [],
  interfaces: new Map(),
  routes: [],
  answers: new Map(),
  plumbing: {
    closed4: new Set(),
    forwards6: undefined,
    table: undefined,
    drops: [],
    dnsmasq: undefined,
  },
  stateMount: undefined,
  images: new Map(),
  crowded: new Set(),
  ended: undefined,
};

/** A hypervisor on which everything is as fleet.yaml says and as it was deployed. */
export function deployedFacts(fleet: FleetIndex, hypervisor: string): Facts {
  const vms = fleet.vmsOn(hypervisor);
  const record = (name: string, path: string, expected: Expected | undefined) => ({
    fingerprint: `print-${name}`,
    path,
    commit: head,
    since: 1_750_000_000,
    expected,
  });
  const up = (name: string, more: { master?: string; addresses?: string[] }) => ({
    name,
    up: true,
    master: more.master,
    addresses: more.addresses ?? [],
  });
  return {
    ...emptyFacts,
    plumbing: {
      ...emptyFacts.plumbing,
      forwards6: true,
      table: 'as deployed',
      dnsmasq: 'active',
    },
    stateMount: { folder: '/', type: 'ext4', othersKept: false },
    checkout: { commit: head, branch: 'fleet', dirty: 0 },
    deployed: new Map([
      [systemName, record(hypervisor, toplevel, undefined)],
      ...vms.map((vm) => {
        const expected = expectedOf(vm, fleet.networks);
        return [vm.name, record(vm.name, runner(vm.name), expected)] as const;
      }),
    ]),
    vms: new Map(
      vms.map((vm): [string, VmFacts] => {
        const runs = vm.state === 'running';
        return [
          vm.name,
          {
            name: vm.name,
            current: runner(vm.name),
            booted: runs ? runner(vm.name) : undefined,
            currentSince: undefined,
            declarative: false,
            unit: unit(runs ? 'active' : 'inactive'),
            virtiofsd: unit(runs ? 'active' : 'inactive'),
          },
        ];
      }),
    ),
    interfaces: new Map([
      ...fleet
        .networksOn(hypervisor)
        .map((n) => [n.bridge, up(n.bridge, { addresses: gatewaysOf(n) })] as const),
      ...vms
        .filter((vm) => vm.state === 'running')
        .flatMap((vm) => nicsOf(expectedOf(vm, fleet.networks)))
        .map(({ tap, bridge }) => [tap, up(tap, { master: bridge })] as const),
    ]),
  };
}

/** A map with one entry changed; undefined takes it out. */
export function withEntry<V>(
  map: ReadonlyMap<string, V>,
  key: string,
  change: Partial<V> | undefined,
): Map<string, V> {
  const copy = new Map(map);
  if (change === undefined) copy.delete(key);
  else copy.set(key, { ...(copy.get(key) as V), ...change });
  return copy;
}

export interface PlanChange extends Partial<Omit<PlanInput, 'facts' | 'index' | 'selection'>> {
  /** Instead of `twoHypervisors`; `deployed` stays what it was before unless facts say otherwise. */
  readonly yaml?: string;
  readonly on?: string;
  /** Changes what hv1 looks like. */
  readonly facts?: (facts: Facts) => Partial<Facts>;
}

/** The plan of hv1, where everything was as it should be but for the change. */
export function planHv1(change: PlanChange = {}): HypervisorPlan {
  return wholePlan(change).hypervisors.find((h) => h.name === 'hv1') as HypervisorPlan;
}

/** The same, with what is said of all of it. */
export function wholePlan(change: PlanChange = {}): Plan {
  const { yaml, on, facts, ...input } = change;
  const before = index();
  const now = index(yaml);
  const seen = deployedFacts(before, 'hv1');
  return makePlan({
    index: now,
    files: [],
    head,
    fingerprints: sameFingerprints(now),
    selection: select(now.fleet, on),
    release: new Set(),
    warnings: [],
    ...input,
    facts: new Map([['hv1', facts === undefined ? seen : { ...seen, ...facts(seen) }]]),
  });
}

/** `kind target`, which is what most tests are about. */
export const short = (actions: readonly Action[]): string[] =>
  actions.map((a) => `${a.kind} ${a.target}`);

/** Fingerprints that differ for these targets. */
export function changed(...names: string[]): Map<string, string> {
  const prints = sameFingerprints(index());
  for (const name of names) prints.set(name, 'other');
  return prints;
}
