import { posix } from 'node:path';
import { parseExpected } from '../../model/expected.ts';
import type { Checkout, Deployed, Facts, OpenDeployment, UnknownState } from '../../model/facts.ts';
import type { GuestHealth, UnitFacts, VmFacts } from '../../model/guest-facts.ts';
import type { Route } from '../../model/network-facts.ts';
import {
  parseAnswers,
  parseGuests,
  parseInterfaces,
  parseLinks,
  parseList,
  parseRunnerLinks,
  parseUnits,
  sectionsOf,
} from './guests.ts';
import { parseCrowded, parseImages, parseMount, parsePlumbing } from './plumbing.ts';
import { parseFree, parseMemory, parseProcessors, parseTaken } from './resources.ts';
import * as shape from './shape.ts';
import { isCollecting, parseWriters } from './writers.ts';

/** The sections that facts.sh prints, once each. Any other was forged by a name or link that group kvm wrote. */
const known = new Set([
  ...['links', 'runners', 'times', 'disks', 'taken', 'checkout', 'units', 'processes', 'failed'],
  ...['addresses', 'routes', 'routes6', 'answers', 'images', 'end'],
]);

/**
 * Reads what facts.sh printed. @throws FleetError `facts.unreadable` if it is cut off or invalid
 */
export function parseFacts(text: string): Facts {
  try {
    return shape.understand('facts.unreadable', text, () => read(text));
  } catch (error) {
    // A newer fleet may have changed the format of what cannot be read.
    const [, there, reads] = /^version\t(\d{1,5})\t(\d{1,5})$/m.exec(text) ?? [];
    if (!(error instanceof shape.Unreadable) || !(Number(there) > Number(reads))) throw error;
    throw error.because(
      `A newer fleet wrote /var/lib/fleet there (version ${there}): update fleet.`,
    );
  }
}

/** What is deployed, or built and waits. */
function readRecord([name, fingerprint, path, commit, since, expected]: readonly string[]): [
  string,
  Deployed,
] {
  return [
    shape.name(name, 'name of what is deployed'),
    {
      fingerprint: shape.nameOrNone(fingerprint, 'fingerprint'),
      path: shape.path(path, 'path of what is deployed'),
      commit: shape.nameOrNone(commit, 'commit'),
      since: shape.time(since, 'time of a deployment'),
      expected: parseExpected(expected),
    },
  ];
}

function read(text: string): Facts {
  const { records, linesOf } = sectionsOf('facts', text, known);
  const rows = new shape.Rows(records);
  const of = (key: string) => rows.of(key);
  const one = (key: string) => of(key)[0]?.[0] || undefined;
  const root = one('root') ?? '';
  const links = parseLinks(linesOf('links'), root);
  const runners = parseRunnerLinks(linesOf('runners'), root);
  const times = parseTimes(linesOf('times'), root);
  const units = parseUnits(linesOf('units'), Number(one('uptime')));
  const profile = links.get(systemProfile);
  const atWork = deploymentsAtWork(units);
  const open = of('open').map((fields) => parseOpen(fields, atWork));
  const [lock] = of('lock')
    .slice(0, 1)
    .map((fields) => parseOpen(fields, atWork));
  const deployed = of('deployed');
  const otherVms = of('other').flatMap(([name]) => (shape.isName(name) ? [name] : []));
  const unknownState = parseVersion(of('version')[0]);
  return {
    ...(unknownState && { unknownState }),
    now: shape.time(one('now'), 'time'),
    bootId: shape.nameOrNone(one('boot'), 'boot id'),
    machine: shape.nameOrNone(one('machine'), 'architecture'),
    clientAddress: parseAddress(one('client')?.split(' ')[0]),
    ownAddress: parseAddress(one('client')?.split(' ')[2]),
    sshdPort: Number(one('client')?.split(' ')[3]) || undefined,
    currentSystem: links.get('/run/current-system'),
    bootedSystem: links.get('/run/booted-system'),
    // The profile points to its generation, and that into the store.
    systemProfile: profile && links.get(posix.resolve(posix.dirname(systemProfile), profile)),
    currentSystemSince: times.get('/run/current-system'),
    systemProfileSince: times.get(systemProfile),
    rebootFor: ['kernel', 'initrd', 'kernel-modules'].filter((part) => {
      const booted = links.get(`/run/booted-system/${part}`);
      return booted !== undefined && booted !== links.get(`/run/current-system/${part}`);
    }),
    missingTools: of('missing').map(([tool]) => shape.name(tool, 'tool')),
    freeKiB: parseFree(of('disk'), linesOf('disks')),
    takenKiB: parseTaken(linesOf('taken')),
    ...(linesOf('taken').includes('cut') && { takenCut: true as const }),
    memory: parseMemory(of('memory')),
    processors: parseProcessors(one('processors')),
    writers: parseWriters(units, linesOf('processes')),
    collecting: isCollecting(linesOf('processes')),
    fleet: one('fleet') && shape.words(one('fleet')),
    lock,
    checkout: parseCheckout(linesOf('checkout').filter(Boolean)),
    deployed: new Map(deployed.map(readRecord)),
    gone: new Set(of('gone').map(([name]) => shape.name(name, 'name'))),
    lost: group(
      of('lost').map(([name, link]) => [shape.name(name, 'name'), shape.name(link, 'link')]),
    ),
    unrooted: new Set(
      deployed
        .filter(([name, , path]) => links.get(`${roots}/deployed-${name}`) !== path)
        .map(([name]) => name ?? ''),
    ),
    held: new Map(
      of('held').map(([name, from = '', to = '', operator, since]) => [
        shape.name(name, 'name of what is held back'),
        {
          from: from === '-' ? from : shape.path(from, 'path of what is held back'),
          to: shape.path(to, 'path of what is held back'),
          operator: shape.words(operator),
          since: shape.time(since, 'time since which something is held back'),
        },
      ]),
    ),
    waiting: new Map(of('waiting').map(readRecord)),
    stopped: new Map(
      of('stopped').map(([name, operator, since, lasts]) => [
        shape.name(name, 'name of what is stopped'),
        {
          operator: shape.words(operator) || 'somebody',
          since: shape.time(since, 'time since which something is stopped'),
          isHeld: lasts === 'held',
        },
      ]),
    ),
    aside: group(
      of('aside').map(([name, folder]) => [
        shape.name(name, 'name'),
        shape.path(folder, 'folder of what was set aside'),
      ]),
    ),
    open,
    vms: parseVms(of('vm'), times, parseGuests(rows.firsts('vm'), runners, units)),
    ...(otherVms.length > 0 && { otherVms }),
    failedUnits: linesOf('failed')
      .map((l) => shape.words(l.trim().split(/\s+/)[0]))
      .filter(Boolean),
    interfaces: parseInterfaces(linesOf('addresses').join('')),
    routes: ['routes', 'routes6'].flatMap((name) => parseRoutes(linesOf(name).join(''))),
    plumbing: parsePlumbing(of, units),
    stateMount: parseMount(of),
    images: parseImages(linesOf('images'), root),
    crowded: parseCrowded(linesOf('images'), root),
    ended: of('ended').map(([id, result]) => ({
      id: shape.name(id, 'id of a deployment'),
      result: shape.name(result, 'result of a deployment'),
    }))[0],
    answers: parseAnswers(linesOf('answers')),
  };
}

/** @returns undefined if this fleet reads that version, or the state is older than versions */
function parseVersion(fields: readonly string[] | undefined): UnknownState | undefined {
  const [there = '', said] = fields ?? [];
  const reads = shape.whole(said, 'version of the state');
  if (there === '?') return { version: undefined, reads };
  const version = shape.whole(there, 'version of the state');
  return version > reads ? { version, reads } : undefined;
}

/** IPv4 or IPv6; a link-local address may have a zone. */
function parseAddress(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f.:]{2,45}(%[\w.-]{1,15})?$/i.test(text) ? text : undefined;
}

function group(pairs: readonly (readonly [string, string])[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [key, value] of pairs) shape.push(groups, key, value);
  return groups;
}

/** Ids of deployments with an active unit: `fleet-ID-003.service`, `fleet-back-ID.timer`. */
function deploymentsAtWork(units: ReadonlyMap<string, UnitFacts>): Set<string> {
  const ids = new Set<string>();
  for (const [unit, { active }] of units) {
    // systemd allows no longer names.
    if (!['active', 'activating', 'deactivating'].includes(active) || unit.length > 255) continue;
    const [, rest = ''] = /^fleet-(?:back-)?(.*)$/.exec(unit) ?? [];
    // An id contains dashes, and what follows it begins with a dash or a dot.
    for (const { index } of rest.matchAll(/[-.]/g)) ids.add(rest.slice(0, index));
  }
  return ids;
}

function parseOpen(fields: readonly string[], atWork: ReadonlySet<string>): OpenDeployment {
  const [id = '', owner = '', operation = '', since, decided, left] = fields;
  return {
    id: shape.nameOrNone(id, 'id of a deployment'),
    owner: shape.words(owner) || 'somebody',
    operation: shape.words(operation),
    since: shape.time(since, 'time at which a deployment began'),
    decided: decided === 'back' || decided === 'confirmed' ? decided : undefined,
    left: shape.whole(left, 'time that is left'),
    atWork: atWork.has(id),
  };
}

function parseCheckout(lines: readonly string[]): Checkout | undefined {
  if (lines.length === 0) return undefined;
  const header = (key: string) =>
    lines.find((l) => l.startsWith(`# branch.${key} `))?.slice(key.length + 10);
  const commit = header('oid');
  const changed = lines.filter((l) => !l.startsWith('#'));
  return {
    commit: commit === '(initial)' ? undefined : commit && shape.name(commit, 'commit'),
    branch: header('head') && shape.words(header('head')),
    dirty: changed.length,
    ...(changed.length > 0 && { edited: changed.slice(0, 2).map(pathOf) }),
  };
}

/** The path in a line of `git status --porcelain=v2`, behind its two, nine, ten or eleven fields. */
function pathOf(line: string): string {
  const fields = { '?': 1, '2': 9, u: 10 }[line[0] ?? ''] ?? 8;
  return shape.words(line.split(' ').slice(fields).join(' ').split('\t')[0]);
}

const systemProfile = '/nix/var/nix/profiles/system';
const roots = '/nix/var/nix/gcroots/fleet';

/** Modification times of symbolic links, from `stat`, by their path on the hypervisor: seconds since the epoch. */
function parseTimes(lines: readonly string[], root: string): Map<string, number> {
  const times = new Map<string, number>();
  for (const line of lines) {
    const [, seconds, path] = /^(\d+) (\/.*)$/.exec(line) ?? [];
    if (path?.startsWith(root)) times.set(path.slice(root.length), Number(seconds));
  }
  return times;
}

/** What is known about vms besides their health. */
function parseVms(
  rows: readonly (readonly string[])[],
  times: ReadonlyMap<string, number>,
  guests: ReadonlyMap<string, GuestHealth>,
): Map<string, VmFacts> {
  const isDeclared = new Map(rows.map(([name, declarative]) => [name, declarative === 'yes']));
  return new Map(
    [...guests].map(([name, guest]) => [
      name,
      {
        ...guest,
        currentSince: times.get(`/var/lib/microvms/${name}/current`),
        declarative: isDeclared.get(name) === true,
      },
    ]),
  );
}

function parseRoutes(json: string): Route[] {
  return parseList(json, 'list of routes').flatMap(({ dst, dev, scope, gateway, nexthops }) => {
    const destination = shape.textOrNone(dst, 'route');
    if (destination === undefined || destination.startsWith('fe80:')) return [];
    const device = shape.textOrNone(dev, 'device of a route') ?? '';
    // `ip` prints no scope for IPv6.
    const connected = destination.includes(':') ? !gateway && !nexthops : scope === 'link';
    return [{ destination, device, connected }];
  });
}
