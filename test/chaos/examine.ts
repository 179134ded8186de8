import { readFileSync } from 'node:fs';
import type { WorldHost } from '../scenario/world.ts';

/** What is so, by name: `vm1 booted` → a store path. */
export type Facets = ReadonlyMap<string, string>;

/** A hypervisor as it is, seen with its own tools and not through fleet. */
export interface Seen {
  readonly host: string;
  readonly is: Facets;
  /** Hash of each volume, by vm and image. */
  readonly volumes: ReadonlyMap<string, string>;
  /** What no deployment may leave: locks, pending markers, units. */
  readonly markers: readonly string[];
}

const script = readFileSync(new URL('./examine.sh', import.meta.url), 'utf8');

/** @param addresses of guests that are asked whether they answer */
export async function examine(host: WorldHost, addresses: readonly string[]): Promise<Seen> {
  const words = addresses.join(' ');
  const { stdout } = await host.exec(`set -- '${host.bootDefault}' ${words}\n${script}`);
  const is = new Map<string, string>();
  const volumes = new Map<string, string>();
  const markers: string[] = [];
  for (const line of stdout.split('\n')) {
    const [kind, name = '', value = ''] = line.split('\t');
    if (kind === 'is') is.set(name, value);
    // What is set aside is that vm's only where it has nothing else, and then the youngest.
    if (kind === 'volume' || kind === 'aside') volumes.set(name, value);
    if (kind === 'marker') markers.push(`${host.name} ${name}: ${value}`);
    if (kind === 'ip') for (const [key, text] of interfaces(value)) is.set(key, text);
  }
  // The last line: without it the hypervisor is off, or went off meanwhile.
  if (!stdout.includes('\nip\t')) markers.push(`${host.name} does not run`);
  return { host: host.name, is, volumes, markers };
}

interface Interface {
  readonly ifname?: string;
  readonly master?: string;
  readonly flags?: readonly string[];
  readonly addr_info?: readonly { family: string; local: string; prefixlen: number }[];
}

/** Bridges with their addresses, TAPs with the bridge that they are in. */
function interfaces(json: string): [string, string][] {
  let all: Interface[];
  try {
    all = JSON.parse(json);
  } catch {
    return [];
  }
  return all.flatMap(({ ifname = '', master, flags = [], addr_info = [] }): [string, string][] => {
    const up = flags.includes('UP') ? 'up' : 'down';
    const own = addr_info
      .filter((a) => a.family === 'inet')
      .map((a) => `${a.local}/${a.prefixlen}`);
    if (ifname.startsWith('br-')) return [[ifname, [up, ...own].join(' ')]];
    return ifname.startsWith('vm-') ? [[ifname, `${up} in ${master ?? 'no bridge'}`]] : [];
  });
}

/** How what is seen differs from what is wanted, a line each. */
export function differences(seen: Facets, wanted: Facets): string[] {
  const names = new Set([...seen.keys(), ...wanted.keys()]);
  return [...names].flatMap((name) => {
    const [is, should] = [seen.get(name), wanted.get(name)];
    return is === should ? [] : [`${name} is ${short(is)}, not ${short(should)}`];
  });
}

/** A store path by its hash alone. */
const short = (text: string | undefined): string =>
  text?.replace(/\/nix\/store\/(.{6})[^ ]*/, '$1…') ?? 'absent';
