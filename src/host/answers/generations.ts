import { contains, parseAddress, parseSubnet } from '../../model/addresses.ts';
import type { ExpectedNic } from '../../model/expected.ts';
import { matches } from './network-files.ts';
import * as shape from './shape.ts';

/** One entry of a Nix profile that one can return to. */
export interface Generation {
  /** The vm, or `systemName`. */
  readonly name: string;
  /** Absent: held by fleet, though its profile entry is gone (nix-collect-garbage -d). */
  readonly number: number | undefined;
  readonly path: string;
  /** Seconds since the epoch; 0: unknown. */
  readonly since: number;
  readonly current: boolean;
  /** Present: the current one replaced it, in a deployment or a roll-back. */
  readonly replaced?: true;
}

/** What a hypervisor's system does with the interfaces of its guests. */
interface Wire {
  /** Globs. */
  readonly names: readonly string[];
  /** Undefined: these interfaces enter none. */
  readonly bridge: string | undefined;
  /** Their own, with prefix. */
  readonly addresses: readonly string[];
}

export interface SystemWiring {
  /** networkd's files in order: the first that has an interface decides. */
  readonly wires: readonly Wire[];
  /** Bridges that networkd makes. */
  readonly bridges: readonly string[];
  /** Guests in its `microvm.vms`: it starts them on runners of its own. */
  readonly declares: readonly string[];
}

/** What a runner says of itself that fleet has not deployed. */
export interface RunnerWiring {
  readonly taps: readonly string[];
  /** IPv4, as far as its files have any. */
  readonly addresses: readonly string[];
  readonly virtiofs: boolean;
}

/** What each map has is by the base name of a store path. */
export interface Generations {
  readonly all: readonly Generation[];
  /** How that generation is reached (src/model/expected.ts). */
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

/**
 * Reads what generations.sh printed; sorted by name and number.
 * @throws FleetError `generations.unreadable` for what cannot be
 */
export function parseGenerations(text: string): Generations {
  return shape.understand('generations.unreadable', text, () => read(text));
}

function read(text: string): Generations {
  const rows = shape.Rows.in(text);
  const of = (kind: string) => rows.of(kind);
  const all = of('generation').map(
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
  // What a profile still lists need not be listed as kept, too.
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
 * Those that one may return to, the likeliest first: what the current one replaced (between the two may
 * be one that was rolled back from), younger ones before older, then what fleet kept.
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

/** The bridge that an interface enters under a system; undefined: none that networkd knows of. */
export function bridgeUnder(system: SystemWiring | undefined, port: string): string | undefined {
  return system?.wires.find((wire) => matches(port, wire))?.bridge;
}

/** True when every TAP is in its bridge under that system, and that bridge in the guest's subnet. */
export function fitsUnder(system: SystemWiring | undefined, nics: readonly ExpectedNic[]): boolean {
  return nics.every(
    ({ tap, bridge, address }) =>
      bridgeUnder(system, tap) === bridge && isBeside(address, addressesUnder(system, bridge)),
  );
}

/** What networkd gives an interface under a system. */
function addressesUnder(system: SystemWiring | undefined, link: string): readonly string[] {
  return system?.wires.find((wire) => matches(link, wire))?.addresses ?? [];
}

/** Whether an address is in the subnet of one of these. Where there are none in IPv4, nothing is known. */
function isBeside(address: string, own: readonly string[]): boolean {
  const at = parseAddress(address);
  const subnets = own.flatMap((one) => parseSubnet(one) ?? []);
  return at === undefined || subnets.length === 0 || subnets.some((subnet) => contains(subnet, at));
}
