import { parseSubnet, type Subnet } from '../model/addresses.ts';
import { parseSubnet6, type Subnet6 } from '../model/addresses6.ts';
import { mergeConfigs } from '../model/config.ts';
import type { Autostart } from '../model/fleet.ts';
import type { Path } from './finding.ts';
import { mergeRecovery } from './recovery.ts';
import type {
  FleetYaml,
  HypervisorMachine,
  Network,
  Settings,
  Users,
  Vm,
} from './schema.generated.ts';
import type { Shape } from './shape.ts';

/** Vm fields as written in one place of the file. */
export interface Layer {
  readonly path: Path;
  readonly settings: Settings;
}

type Lists =
  | 'tags'
  | 'packages'
  | 'users'
  | 'config'
  | 'modules'
  | 'volumes'
  | 'publish'
  | 'shares'
  | 'credentials'
  | 'checks'
  | 'exports'
  | 'dependsOn';

/** Merged vm fields of several places; lists and maps are never absent. */
export type Merged = Settings & Required<Pick<Settings, Lists>>;

export interface DraftVm {
  readonly name: string;
  readonly path: Path;
  readonly yaml: Vm;
  readonly merged: Merged;
  /** Where the fields come from: defaults, profiles, the vm itself. */
  readonly layers: readonly Layer[];
  /** Its networks, with the places where they and its addresses are written. */
  readonly links: readonly Link[];
}

export interface Link {
  readonly network: string;
  /** The part of the NIC's name after the vm's; undefined for the first one. */
  readonly further: string | undefined;
  readonly path: Path;
  readonly address: string | undefined;
  readonly addressPath: Path;
}

export interface DraftNetwork {
  readonly name: string;
  readonly path: Path;
  readonly yaml: Network;
  readonly subnet: Subnet;
  /** Also absent if what is written is not an address. */
  readonly subnet6: Subnet6 | undefined;
  readonly members: Member[];
}

/** A vm on a network. */
export interface Member {
  readonly vm: DraftVm;
  readonly link: Link;
}

export interface DraftHypervisor {
  readonly name: string;
  readonly path: Path;
  readonly yaml: HypervisorMachine;
  readonly vms: DraftVm[];
  readonly networks: Set<DraftNetwork>;
}

/** fleet.yaml with references resolved, in the order of the file: the input of the rules. */
export interface Draft {
  readonly yaml: FleetYaml;
  readonly known: Shape['known'];
  readonly vms: ReadonlyMap<string, DraftVm>;
  readonly networks: ReadonlyMap<string, DraftNetwork>;
  readonly hypervisors: ReadonlyMap<string, DraftHypervisor>;
  /** Every place with vm fields, once each, so that a mistake in the defaults is reported once. */
  readonly layers: readonly Layer[];
}

export const none: Merged = {
  tags: [],
  packages: [],
  users: {},
  config: {},
  modules: [],
  volumes: [],
  publish: [],
  shares: [],
  credentials: {},
  checks: [],
  exports: [],
  dependsOn: [],
};

/** Merges defaults, profiles and the vm, in this order. A later scalar wins; lists and maps are combined. */
export function merge(base: Merged, own: Settings): Merged {
  return {
    ...base,
    ...own,
    tags: union(base.tags, own.tags),
    packages: union(base.packages, own.packages),
    modules: union(base.modules, own.modules),
    dependsOn: union(base.dependsOn, own.dependsOn),
    volumes: join(base.volumes, own.volumes),
    publish: union(base.publish, own.publish),
    shares: join(base.shares, own.shares),
    credentials: own.credentials ? { ...base.credentials, ...own.credentials } : base.credentials,
    checks: join(base.checks, own.checks),
    exports: join(base.exports, own.exports),
    users: own.users ? mergeUsers(base.users, own.users) : base.users,
    ...(own.recovery && { recovery: mergeRecovery(base.recovery, own.recovery) }),
    ...(own.dumps && { dumps: { ...base.dumps, ...own.dumps } }),
    config: own.config ? mergeConfigs(base.config, own.config) : base.config,
  };
}

const join = <T>(base: T[], own: T[] | undefined): T[] =>
  !own?.length ? base : base.length === 0 ? own : [...base, ...own];

const union = (base: string[], own: string[] | undefined): string[] =>
  own?.length ? [...new Set([...base, ...own])] : base;

function mergeUsers(base: Users, own: Users): Users {
  const merged = { ...base };
  for (const [name, user] of Object.entries(own)) {
    const known = Object.hasOwn(base, name) ? base[name]! : {};
    merged[name] = {
      groups: union(known.groups ?? [], user.groups),
      sshKeys: union(known.sshKeys ?? [], user.sshKeys),
    };
  }
  return merged;
}

/** Resolves every reference that it can; the rules report the others. */
export function normalise({ yaml, known }: Shape): Draft {
  const defaults: Layer = { path: ['defaults'], settings: yaml.defaults ?? {} };
  const profiles = new Map(
    Object.entries(yaml.profiles ?? {}).map(([name, settings]) => [
      name,
      { path: ['profiles', name], settings },
    ]),
  );
  const base = merge(none, defaults.settings);
  // Vms with the same profiles share their part of the work.
  const bases = new Map<string, { merged: Merged; layers: Layer[] }>();
  const baseOf = (names: readonly string[]): { merged: Merged; layers: Layer[] } => {
    const key = names.join();
    let found = bases.get(key);
    if (!found) {
      const layers = names.map((name) => profiles.get(name)).filter((layer) => layer !== undefined);
      const merged = layers.reduce((sum, { settings }) => merge(sum, settings), base);
      found = { merged, layers: [defaults, ...layers] };
      bases.set(key, found);
    }
    return found;
  };

  const networks = new Map<string, DraftNetwork>();
  for (const [name, network] of Object.entries(yaml.networks ?? {})) {
    networks.set(name, {
      name,
      path: ['networks', name],
      yaml: network,
      subnet: parseSubnet(network.subnet)!,
      subnet6: parseSubnet6(network.subnet6 ?? ''),
      members: [],
    });
  }
  const hypervisors = new Map<string, DraftHypervisor>();
  for (const [name, machine] of Object.entries(yaml.hypervisors ?? {})) {
    const path = ['hypervisors', name];
    hypervisors.set(name, { name, path, yaml: machine, vms: [], networks: new Set() });
  }
  const vms = new Map<string, DraftVm>();
  for (const [name, vm] of Object.entries(yaml.vms ?? {})) {
    const path = ['vms', name];
    const { merged, layers } = baseOf(vm.profiles ?? []);
    const draft: DraftVm = {
      name,
      path,
      yaml: vm,
      merged: merge(merged, vm),
      layers: [...layers, { path, settings: vm }],
      links: linksOf(vm, path),
    };
    vms.set(name, draft);
    const hypervisor = hypervisors.get(vm.on);
    hypervisor?.vms.push(draft);
    for (const link of draft.links) {
      const network = networks.get(link.network);
      // One that is named twice is reported once.
      if (!network || network.members.at(-1)?.vm === draft) continue;
      network.members.push({ vm: draft, link });
      hypervisor?.networks.add(network);
    }
  }
  const own = [...vms.values()].map(({ path, yaml: settings }) => ({ path, settings }));
  const layers = [defaults, ...profiles.values(), ...own];
  return { yaml, known, vms, networks, hypervisors, layers };
}

function linksOf(vm: Vm, path: Path): Link[] {
  if (vm.network !== undefined) {
    const { network, address } = vm;
    const addressPath = [...path, 'address'];
    return [{ network, further: undefined, address, path: [...path, 'network'], addressPath }];
  }
  return (vm.networks ?? []).map(({ name, address }, i) => {
    const at = [...path, 'networks', i];
    return {
      network: name,
      further: i === 0 ? undefined : name,
      address,
      path: [...at, 'name'],
      addressPath: [...at, 'address'],
    };
  });
}

/** Where the effective value of a vm is written. */
export function origin(vm: DraftVm, field: keyof Settings): Path {
  const layer = vm.layers.findLast(({ settings }) => Object.hasOwn(settings, field));
  return layer ? [...layer.path, field] : vm.path;
}

const ofHypervisor = { all: 'always', healthy: 'healthy', none: 'never' } as const;

/** Whether a vm starts after a reboot: as the vm says, else as its hypervisor says. */
export function autostart({ yaml, merged }: DraftVm, { hypervisors }: Draft): Autostart {
  if (merged.state === 'stopped') return 'never';
  return merged.autostart ?? ofHypervisor[hypervisors.get(yaml.on)?.yaml.autostart ?? 'all'];
}
