import { contains, parseAddress, parseSubnet } from '../../model/addresses.ts';
import type { ExpectedNic } from '../../model/expected.ts';
import { matches } from './network-files.ts';
import * as shape from './shape.ts';

/** A generation that one can return to. */
export interface Generation {
  /** The vm, or `systemName`. */
  readonly name: string;
  /** Undefined: "kept", by fleet's root; its profile entry is gone (nix-collect-garbage -d). */
  readonly number: number | undefined;
  readonly path: string;
  /** Seconds since the epoch; 0: unknown. */
  readonly since: number;
  readonly current: boolean;
  /** Present: the current generation replaced this one, in a deployment or a roll-back. */
  readonly replaced?: true;
}

/** What a .network file of a system says about interfaces. */
interface Wire {
  /** Names of interfaces, as globs. */
  readonly names: readonly string[];
  /** Undefined: these interfaces enter no bridge. */
  readonly bridge: string | undefined;
  /** The addresses that they get, with prefix. */
  readonly addresses: readonly string[];
}

export interface SystemWiring {
  /** networkd's files in order: the first one that matches an interface decides. */
  readonly wires: readonly Wire[];
  /** Bridges that networkd creates. */
  readonly bridges: readonly string[];
  /** Guests in its `microvm.vms`, which it starts on the runners declared there. */
  readonly declares: readonly string[];
}

/** How a runner that fleet has not deployed uses the network, as read from the runner itself. */
export interface RunnerWiring {
  readonly taps: readonly string[];
  /** IPv4 addresses in the guest's networkd files, if any. */
  readonly addresses: readonly string[];
  readonly virtiofs: boolean;
}

/** All generations of a hypervisor and its vms. The keys of the maps are base names of store paths. */
export interface Generations {
  readonly all: readonly Generation[];
  /** TAPs, bridges and address of a runner, as text (src/model/expected.ts). */
  readonly expected: ReadonlyMap<string, string>;
  readonly systems: ReadonlyMap<string, SystemWiring>;
  readonly runners: ReadonlyMap<string, RunnerWiring>;
}

export const noGenerations: Generations = {
  all: [],
  expected: new Map(),
  systems: new Map(),
  runners: new Map(),
};

/** Base name of a store path. */
export const baseOf = (path: string): string => path.split('/').at(-1) ?? '';

/** A hypervisor that has more is one whose disk is full of them, or that lies. */
const mostGenerations = 50_000;

/**
 * Reads what generations.sh printed; sorted by name and number.
 * @throws FleetError `generations.unreadable` if it is invalid
 */
export function parseGenerations(text: string): Generations {
  return shape.understand('generations.unreadable', text, () => read(text));
}

function read(text: string): Generations {
  const rows = shape.Rows.in(text);
  const of = (kind: string) => rows.of(kind);
  const given = of('generation');
  if (given.length > mostGenerations)
    throw new Error(`it has ${given.length} generations, more than ${mostGenerations}`);
  const all = given.map(
    ([name, number, path, since, current]): Generation => ({
      name: shape.name(name, 'name of a vm'),
      number: number === 'kept' ? undefined : shape.whole(number, 'number of a generation'),
      path: shape.path(path, 'path of a generation'),
      since: shape.time(since, 'time of a generation'),
      current: current === 'yes',
    }),
  );
  const keyOf = (g: Generation) => `${g.name} ${g.path}`;
  const numbered = all.filter((g) => g.number !== undefined);
  // One that the profile still lists is not listed as "kept", too.
  const listed = new Set(numbered.map(keyOf));
  const kept = new Set(all.filter((g) => g.number === undefined).map(keyOf));
  const byBase = (kind: string) => {
    const values = new Map<string, string[]>();
    for (const [base = '', value = ''] of of(kind))
      shape.push(values, base, shape.name(value, kind));
    return (base: string) => values.get(base) ?? [];
  };
  const [bridges, declares] = [byBase('bridge'), byBase('declares')];
  const [taps, addresses] = [byBase('tap'), byBase('address')];
  const wires = new Map<string, Wire[]>();
  for (const [base = '', names = '', bridge = '-', addresses = ''] of of('wired')) {
    const inside = bridge === '-' ? undefined : shape.name(bridge, 'bridge');
    const own = addresses.split(/\s+/).filter(Boolean);
    shape.push(wires, base, { names: names.split(/\s+/), bridge: inside, addresses: own });
  }
  const systems = ['wired', 'bridge', 'declares'].flatMap(of).map(([base = '']) => base);
  return {
    all: all
      .filter((g) => g.number !== undefined || !listed.has(keyOf(g)))
      .map((g) => (kept.has(keyOf(g)) ? { ...g, replaced: true as const } : g))
      .sort((a, b) =>
        a.name === b.name ? (a.number ?? 0) - (b.number ?? 0) : a.name < b.name ? -1 : 1,
      ),
    expected: new Map(of('expected').map(([base = '', known = '']) => [base, known])),
    systems: new Map(
      systems.map((base) => [
        base,
        {
          wires: wires.get(base) ?? [],
          bridges: bridges(base),
          declares: declares(base),
        },
      ]),
    ),
    runners: new Map(
      of('runner').map(([base = '', virtiofs]) => [
        base,
        {
          taps: taps(base),
          addresses: addresses(base),
          virtiofs: virtiofs === 'yes',
        },
      ]),
    ),
  };
}

/**
 * The generations to return to, the likeliest first: the one that the current one replaced (one that was rolled back
 * from may be between the two), then the others from young to old, then what fleet kept.
 */
export function earlierGenerations(generations: Generations, name: string): Generation[] {
  const own = generations.all.filter((g) => g.name === name);
  const current = own.find((g) => g.current);
  const others = own.filter((g) => g.path !== current?.path);
  const earlier = others
    .filter((g) => g.number !== undefined && g.number < (current?.number ?? 0))
    .reverse();
  const replaced = earlier.find((g) => g.replaced);
  return [
    ...(replaced ? [replaced] : []),
    ...earlier.filter((g) => g !== replaced),
    ...others.filter((g) => g.number === undefined),
  ];
}

/** The bridge that networkd puts an interface into under a system, if any. */
export function bridgeUnder(system: SystemWiring | undefined, port: string): string | undefined {
  return system?.wires.find((wire) => matches(port, wire))?.bridge;
}

/** Whether under that system every TAP enters its bridge, and the bridge has an address in the guest's subnet. */
export function fitsUnder(system: SystemWiring | undefined, nics: readonly ExpectedNic[]): boolean {
  return nics.every(
    ({ tap, bridge, address }) =>
      bridgeUnder(system, tap) === bridge && isBeside(address, addressesUnder(system, bridge)),
  );
}

/** The addresses that networkd gives an interface under a system. */
function addressesUnder(system: SystemWiring | undefined, link: string): readonly string[] {
  return system?.wires.find((wire) => matches(link, wire))?.addresses ?? [];
}

/** Whether an address is in the subnet of one of these. If none of these is IPv4, that is unknown and counts as yes. */
function isBeside(address: string, own: readonly string[]): boolean {
  const at = parseAddress(address);
  const subnets = own.flatMap((one) => parseSubnet(one) ?? []);
  return at === undefined || subnets.length === 0 || subnets.some((subnet) => contains(subnet, at));
}
