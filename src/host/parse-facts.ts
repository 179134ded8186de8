import { posix } from 'node:path';
import { FleetError } from '../model/errors.ts';
import { parseExpected } from '../model/expected.ts';
import type {
  Checkout,
  Facts,
  Interface,
  OpenDeployment,
  Route,
  UnitFacts,
  VmFacts,
} from './facts.ts';
import { parseFree, parseMemory, parseProcessors, parseTaken } from './parse-resources.ts';
import { isCollecting, parseWriters } from './parse-writers.ts';

const noUnit: UnitFacts = {
  active: 'inactive',
  sub: 'dead',
  invocation: '',
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
  const linesOf = (name: string) => sections.get(name) ?? [];
  const root = one('root') ?? '';
  const links = parseLinks(linesOf('links'), root);
  const runners = parseLinks(linesOf('runners'), root);
  const times = parseTimes(linesOf('times'), root);
  const units = parseUnits(linesOf('units'));
  const profile = links.get(systemProfile);
  const open = of('open').map((fields) => parseOpen(fields, units));
  const [lock] = of('lock').map((fields) => parseOpen(fields, units));
  const deployed = of('deployed');
  return {
    now: Number(one('now')),
    bootId: one('boot') ?? '',
    machine: one('machine') ?? '',
    clientAddress: one('client')?.split(' ')[0],
    ownAddress: one('client')?.split(' ')[2],
    sshdPort: Number(one('client')?.split(' ')[3]) || undefined,
    currentSystem: links.get('/run/current-system'),
    bootedSystem: links.get('/run/booted-system'),
    // The profile points to its generation, that one into the store.
    systemProfile: profile && links.get(posix.resolve(posix.dirname(systemProfile), profile)),
    currentSystemSince: times.get('/run/current-system'),
    systemProfileSince: times.get(systemProfile),
    rebootFor: ['kernel', 'initrd', 'kernel-modules'].filter((part) => {
      const booted = links.get(`/run/booted-system/${part}`);
      return booted !== undefined && booted !== links.get(`/run/current-system/${part}`);
    }),
    missingTools: of('missing').map(([tool]) => tool ?? ''),
    freeKiB: parseFree(of('disk'), linesOf('disks')),
    takenKiB: parseTaken(linesOf('taken')),
    memory: parseMemory(of('memory')),
    processors: parseProcessors(one('processors')),
    writers: parseWriters(units, linesOf('processes')),
    collecting: isCollecting(linesOf('processes')),
    fleet: one('fleet'),
    lock,
    checkout: parseCheckout(linesOf('checkout').filter(Boolean)),
    deployed: new Map(
      deployed.map(([name = '', fingerprint = '', path = '', commit = '', since, expected]) => [
        name,
        { fingerprint, path, commit, since: Number(since), expected: parseExpected(expected) },
      ]),
    ),
    gone: new Set(of('gone').map(([name]) => name ?? '')),
    lost: group(of('lost').map(([name = '', link = '']) => [name, link])),
    unrooted: new Set(
      deployed
        .filter(([name, , path]) => links.get(`${roots}/deployed-${name}`) !== path)
        .map(([name]) => name ?? ''),
    ),
    held: new Map(
      of('held').map(([name = '', from = '', to = '', operator = '', since]) => [
        name,
        { from, to, operator, since: Number(since) },
      ]),
    ),
    aside: group(of('aside').map(([name = '', folder = '']) => [name, folder])),
    open,
    vms: parseVms(of('vm'), runners, times, units),
    failedUnits: linesOf('failed')
      .map((l) => l.trim().split(/\s+/)[0] ?? '')
      .filter(Boolean),
    interfaces: parseInterfaces(linesOf('addresses').join('')),
    routes: ['routes', 'routes6'].flatMap((name) => parseRoutes(linesOf(name).join(''))),
    answers: new Map(
      linesOf('answers')
        .filter(Boolean)
        .map((line) => {
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

function parseOpen(
  fields: readonly string[],
  units: ReadonlyMap<string, UnitFacts>,
): OpenDeployment {
  const [id = '', owner = '', operation = '', since, decided, left] = fields;
  return {
    id,
    owner: owner || 'somebody',
    operation,
    since: Number(since || 0),
    decided: decided === 'back' || decided === 'confirmed' ? decided : undefined,
    left: Number(left ?? 0),
    atWork: [...units].some(
      ([unit, { active }]) =>
        (unit.startsWith(`fleet-back-${id}`) || unit.startsWith(`fleet-${id}-`)) &&
        ['active', 'activating', 'deactivating'].includes(active),
    ),
  };
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
      });
      block = new Map();
    }
  }
  return units;
}

const systemProfile = '/nix/var/nix/profiles/system';
const roots = '/nix/var/nix/gcroots/fleet';

/** What `ls -ld` says of symbolic links, by their path on the hypervisor. */
function parseLinks(lines: readonly string[], root: string): Map<string, string> {
  const links = new Map<string, string>();
  for (const line of lines) {
    // Nothing that comes before the path can have a slash in it.
    const [path = '', target] = line.slice(line.indexOf(' /') + 1).split(' -> ');
    if (target === undefined || !path.startsWith(root)) continue;
    const key = path.slice(root.length);
    if (!links.has(key)) links.set(key, target);
  }
  return links;
}

/** What `stat` says of symbolic links, by their path on the hypervisor: seconds since the epoch. */
function parseTimes(lines: readonly string[], root: string): Map<string, number> {
  const times = new Map<string, number>();
  for (const line of lines) {
    const [, seconds, path] = /^(\d+) (\/.*)$/.exec(line) ?? [];
    if (path?.startsWith(root)) times.set(path.slice(root.length), Number(seconds));
  }
  return times;
}

function parseVms(
  rows: readonly string[][],
  links: ReadonlyMap<string, string>,
  times: ReadonlyMap<string, number>,
  units: ReadonlyMap<string, UnitFacts>,
): Map<string, VmFacts> {
  return new Map(
    rows.map(([name = '', declarative]) => [
      name,
      {
        name,
        current: links.get(`/var/lib/microvms/${name}/current`),
        booted: links.get(`/var/lib/microvms/${name}/booted`),
        currentSince: times.get(`/var/lib/microvms/${name}/current`),
        declarative: declarative === 'yes',
        unit: units.get(`microvm@${name}.service`) ?? noUnit,
        virtiofsd: units.get(`microvm-virtiofsd@${name}.service`) ?? noUnit,
      },
    ]),
  );
}

/** What `ip -j address show` prints, the part of it that is used. */
interface IpAddress {
  readonly ifname: string;
  readonly flags?: readonly string[];
  readonly master?: string;
  readonly addr_info?: readonly {
    readonly local?: string;
    readonly prefixlen?: number;
    readonly dynamic?: boolean;
  }[];
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
          ...leasedOf(i),
        },
      ]),
  );
}

function leasedOf({ addr_info = [] }: IpAddress): Pick<Interface, 'leased'> {
  const leased = addr_info.filter(({ dynamic }) => dynamic).map((a) => `${a.local}/${a.prefixlen}`);
  return leased.length > 0 ? { leased } : {};
}

function parseRoutes(json: string): Route[] {
  return parseList<{ dst?: string; dev?: string; scope?: string; gateway?: string; nexthops?: [] }>(
    json,
  )
    .filter(({ dst }) => dst !== undefined && !dst.startsWith('fe80:'))
    .map(({ dst = '', dev = '', scope, gateway, nexthops }) => ({
      destination: dst,
      device: dev,
      // `ip` tells no scope of IPv6.
      connected: dst.includes(':') ? !gateway && !nexthops : scope === 'link',
    }));
}
