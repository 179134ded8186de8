import { FleetError } from '../model/errors.ts';
import { type Expected, parseExpected } from '../model/expected.ts';

/** What a hypervisor really looks like now. Store paths are absolute; '' never stands for "none". */
export interface Facts {
  /** Seconds since the epoch, by the hypervisor's clock. */
  readonly now: number;
  readonly bootId: string;
  readonly machine: string;
  /** Address we come from, as the hypervisor sees it. */
  readonly clientAddress: string | undefined;
  readonly currentSystem: string | undefined;
  readonly bootedSystem: string | undefined;
  readonly systemProfile: string | undefined;
  /** Parts of the system that only a reboot would bring into use: kernel, initrd, kernel-modules. */
  readonly rebootFor: readonly string[];
  readonly missingTools: readonly string[];
  /** KiB free, by mount point asked for. */
  readonly freeKiB: ReadonlyMap<string, number>;
  readonly memoryAvailableKiB: number | undefined;
  /** A deployment has been here since the hypervisor booted. */
  readonly seen: boolean;
  readonly lock: Lock | undefined;
  readonly checkout: Checkout | undefined;
  /** By vm name; the hypervisor's own under `systemName`. */
  readonly deployed: ReadonlyMap<string, Deployed>;
  readonly held: ReadonlyMap<string, Held>;
  /** Vm name → folders with state that was set aside. */
  readonly aside: ReadonlyMap<string, readonly string[]>;
  /** Deployments that have no result yet. */
  readonly openDeployments: readonly string[];
  readonly vms: ReadonlyMap<string, VmFacts>;
  readonly failedUnits: readonly string[];
  readonly interfaces: ReadonlyMap<string, Interface>;
  readonly routes: readonly Route[];
  /** Addresses that were asked → did they answer. */
  readonly answers: ReadonlyMap<string, boolean>;
}

/** Key of the hypervisor's own system where vms are listed by name: no vm can be called so. */
export const systemName = 'system.';

export interface Lock {
  readonly id: string;
  readonly owner: string;
  readonly operation: string;
  /** Seconds since the epoch. */
  readonly since: number;
}

export interface Checkout {
  readonly commit: string | undefined;
  readonly branch: string | undefined;
  /** Number of files that differ from the commit. */
  readonly dirty: number;
}

export interface Deployed {
  readonly fingerprint: string;
  readonly path: string;
  readonly commit: string;
  readonly since: number;
  /** How that generation is reached; undefined for a hypervisor. */
  readonly expected: Expected | undefined;
}

export interface Held {
  /** The runner or system that was rolled back from. */
  readonly from: string;
  readonly to: string;
  readonly operator: string;
  readonly since: number;
}

export interface UnitFacts {
  readonly active: string;
  readonly sub: string;
  readonly invocation: string;
  readonly restarts: number;
  readonly result: string;
}

export interface VmFacts {
  readonly name: string;
  readonly current: string | undefined;
  readonly booted: string | undefined;
  /** Managed by the hypervisor's own configuration (`microvm.vms`): `microvm -u` refuses it. */
  readonly declarative: boolean;
  readonly flake: string;
  readonly images: readonly string[];
  readonly unit: UnitFacts;
  readonly virtiofsd: UnitFacts;
}

export interface Interface {
  readonly name: string;
  readonly up: boolean;
  readonly master: string | undefined;
  /** `address/prefix`, IPv4 and IPv6. */
  readonly addresses: readonly string[];
}

export interface Route {
  readonly destination: string;
  readonly device: string;
  /** Its machines are on the wire of the device, not behind a router. */
  readonly connected: boolean;
}

const noUnit: UnitFacts = {
  active: 'inactive',
  sub: 'dead',
  invocation: '',
  restarts: 0,
  result: '',
};

/** Reads what facts.sh printed. @throws FleetError `facts.unreadable` when it is cut off or not ours. */
export function parseFacts(text: string): Facts {
  const lines = text.split('\n');
  if (lines[0] !== 'fleet-facts 1' || !text.trimEnd().endsWith('\n== end')) {
    throw unreadable(text);
  }
  const records: string[][] = [];
  const sections = new Map<string, string[]>();
  let section: string[] | undefined;
  for (const line of lines.slice(1)) {
    if (line.startsWith('== ')) {
      section = [];
      sections.set(line.slice(3), section);
    } else if (section) section.push(line);
    else if (line !== '') records.push(line.split('\t'));
  }
  const of = (key: string) => records.filter((r) => r[0] === key).map((r) => r.slice(1));
  const one = (key: string) => of(key)[0]?.[0] || undefined;
  const units = parseUnits(sections.get('units') ?? []);
  return {
    now: Number(one('now') ?? 0),
    bootId: one('boot') ?? '',
    machine: one('machine') ?? '',
    clientAddress: one('client')?.split(' ')[0],
    currentSystem: one('current-system'),
    bootedSystem: one('booted-system'),
    systemProfile: one('system-profile'),
    rebootFor: of('part')
      .filter(([, current, booted]) => booted && current !== booted)
      .map(([part]) => part ?? ''),
    missingTools: of('missing').map(([tool]) => tool ?? ''),
    freeKiB: new Map(of('free').map(([disk, free]) => [disk ?? '', Number(free)])),
    memoryAvailableKiB: one('memory') === undefined ? undefined : Number(one('memory')),
    seen: of('seen').length > 0,
    lock: parseLock(of('lock')[0]),
    checkout: parseCheckout(of('checkout').map(([line]) => line ?? '')),
    deployed: new Map(
      of('deployed').map(
        ([name = '', fingerprint = '', path = '', commit = '', since, expected]) => [
          name,
          { fingerprint, path, commit, since: Number(since), expected: parseExpected(expected) },
        ],
      ),
    ),
    held: new Map(
      of('held').map(([name = '', from = '', to = '', operator = '', since]) => [
        name,
        { from, to, operator, since: Number(since) },
      ]),
    ),
    aside: group(of('aside').map(([name = '', folder = '']) => [name, folder])),
    openDeployments: of('open').map(([id]) => id ?? ''),
    vms: parseVms(of('vm'), of('volume'), units),
    failedUnits: (sections.get('failed') ?? [])
      .map((l) => l.trim().split(/\s+/)[0] ?? '')
      .filter(Boolean),
    interfaces: parseInterfaces((sections.get('addresses') ?? []).join('')),
    routes: parseRoutes((sections.get('routes') ?? []).join('')),
    answers: new Map(
      (sections.get('answers') ?? []).filter(Boolean).map((line) => {
        const [answer, address] = line.split(' ');
        return [address ?? '', answer === 'yes'];
      }),
    ),
  };
}

function unreadable(text: string): FleetError {
  return new FleetError('facts.unreadable', 'the hypervisor did not answer with facts', {
    detail: text.slice(-500),
    hint: 'Does a shell start-up file there print something, or end the session?',
  });
}

/** A list that a tool printed; one that failed printed nothing. */
function parseList<T>(json: string): T[] {
  if (json.trim() === '') return [];
  try {
    return JSON.parse(json) as T[];
  } catch {
    throw unreadable(json);
  }
}

function group(pairs: readonly (readonly [string, string])[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [key, value] of pairs) {
    const list = groups.get(key);
    if (list) list.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

/** The line a lock holds: id, owner, operation, seconds since the epoch. */
export function parseLock(fields: readonly string[] | undefined): Lock | undefined {
  if (!fields) return undefined;
  const [id = '', owner = 'somebody', operation = '', since] = fields;
  return { id, owner, operation, since: Number(since ?? 0) };
}

function parseCheckout(lines: readonly string[]): Checkout | undefined {
  if (lines.length === 0) return undefined;
  const header = (key: string) =>
    lines.find((l) => l.startsWith(`# branch.${key} `))?.slice(key.length + 10);
  const commit = header('oid');
  return {
    commit: commit === '(initial)' ? undefined : commit,
    branch: header('head'),
    dirty: lines.filter((l) => !l.startsWith('#')).length,
  };
}

function parseUnits(lines: readonly string[]): Map<string, UnitFacts> {
  const units = new Map<string, UnitFacts>();
  let block = new Map<string, string>();
  for (const line of [...lines, '']) {
    const at = line.indexOf('=');
    if (at > 0) block.set(line.slice(0, at), line.slice(at + 1));
    else if (block.size > 0) {
      units.set(block.get('Id') ?? '', {
        active: block.get('ActiveState') ?? '',
        sub: block.get('SubState') ?? '',
        invocation: block.get('InvocationID') ?? '',
        restarts: Number(block.get('NRestarts') ?? 0),
        result: block.get('Result') ?? '',
      });
      block = new Map();
    }
  }
  return units;
}

function parseVms(
  rows: readonly string[][],
  volumes: readonly string[][],
  units: ReadonlyMap<string, UnitFacts>,
): Map<string, VmFacts> {
  const images = group(volumes.map(([name = '', image = '']) => [name, image]));
  const vms = new Map<string, VmFacts>();
  for (const [name = '', current, booted, declarative, flake] of rows) {
    vms.set(name, {
      name,
      current: current || undefined,
      booted: booted || undefined,
      declarative: declarative === 'yes',
      flake: flake ?? '',
      images: images.get(name) ?? [],
      unit: units.get(`microvm@${name}.service`) ?? noUnit,
      virtiofsd: units.get(`microvm-virtiofsd@${name}.service`) ?? noUnit,
    });
  }
  return vms;
}

/** What `ip -j address show` prints, the part of it that is used. */
interface IpAddress {
  readonly ifname: string;
  readonly flags?: readonly string[];
  readonly master?: string;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

function parseInterfaces(json: string): Map<string, Interface> {
  const list = parseList<IpAddress>(json);
  return new Map(
    // `ip -j` prints {} for what a filter left out.
    list
      .filter((i) => i.ifname !== undefined)
      .map((i) => [
        i.ifname,
        {
          name: i.ifname,
          up: i.flags?.includes('UP') ?? false,
          master: i.master,
          addresses: (i.addr_info ?? []).map((a) => `${a.local}/${a.prefixlen}`),
        },
      ]),
  );
}

function parseRoutes(json: string): Route[] {
  return parseList<{ dst?: string; dev?: string; scope?: string }>(json)
    .filter((r) => r.dst !== undefined)
    .map((r) => ({ destination: r.dst ?? '', device: r.dev ?? '', connected: r.scope === 'link' }));
}
