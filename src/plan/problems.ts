import { parseSubnet } from '../model/addresses.ts';
import { parseSubnet6 } from '../model/addresses6.ts';
import { nicsOf } from '../model/expected.ts';
import type { Facts } from '../model/facts.ts';
import type { FleetIndex } from '../model/index.ts';
import { systemName } from '../model/names.ts';
import { unknownState } from '../model/unknown-state.ts';
import { admission, roomOf } from './admission.ts';
import type { Action } from './plan.ts';
import { resourceProblems } from './resources.ts';
import { writerProblems } from './second-writers.ts';

/** Why one hypervisor cannot be deployed to, found before anything is changed. */
export function problems(
  index: FleetIndex,
  hypervisor: string,
  facts: Facts,
  actions: readonly Action[],
  restartsNone = false,
): string[] {
  const unknown = unknownState(facts);
  if (unknown !== undefined) return [unknown];
  if (actions.length === 0) return [];
  return [
    ...missing(facts, actions).map(missingTool),
    ...wrongMachine(index, hypervisor, facts),
    ...actions.flatMap((a) => {
      const vm = facts.vms.get(a.target);
      return vm?.declarative
        ? [
            facts.deployed.has(systemName)
              ? `${a.target} is in microvm.vms of ${hypervisor}: take it out there, and apply that first`
              : `${a.target} is in microvm.vms of the system that runs on ${hypervisor}: apply without it first (it keeps running), then hand it over`,
          ]
        : [];
    }),
    ...actions
      .filter((a) => a.kind === 'update')
      .flatMap((a) => changedVolumes(index, facts, a.target)),
    ...(restartsNone ? actions : [])
      .filter((a) => a.network && facts.vms.get(a.target)?.unit.active === 'active')
      .map(
        (a) => `${a.target} changes its network, which takes a restart: leave out --restart never`,
      ),
    ...heldBack(hypervisor, facts, actions),
    ...foreign(index, facts),
    ...moving(index, actions),
    ...admission(index, hypervisor, roomOf(index, hypervisor, facts)),
    ...(actions.some((a) => a.kind === 'switch') ? shadowedRoutes(index, hypervisor, facts) : []),
    ...resourceProblems(hypervisor, facts, actions),
    ...writerProblems(facts),
  ];
}

/** Leaves out tools that the new system brings before they are needed. */
function missing({ missingTools }: Facts, actions: readonly Action[]): readonly string[] {
  const switches = actions.some(({ kind }) => kind === 'switch');
  return missingTools.filter((tool) => !(switches && tool === 'microvm'));
}

/** Refused if another fleet deployed here: two repositories would remove each other's guests. */
export function foreign(index: FleetIndex, facts: Facts): string[] {
  const { name } = index.fleet;
  return facts.fleet === undefined || facts.fleet === name
    ? []
    : [
        `belongs to fleet "${facts.fleet}", not to "${name}": to take it over, delete /var/lib/fleet/fleet there`,
      ];
}

/** Vms that move: both hypervisors are deployed to at once, and the new one may fail after the old one gave up the vm. */
function moving(index: FleetIndex, actions: readonly Action[]): string[] {
  return actions
    .filter((a) => a.kind === 'set-aside' && index.vms.has(a.target))
    .map(
      (a) =>
        `${a.target} moves to ${index.vms.get(a.target)?.on}: take it out of fleet.yaml and apply, then put it in there and apply; its volumes stay here`,
    );
}

/** Vms whose TAP is new need a switch of their hypervisor, whose system is held. */
function heldBack(hypervisor: string, facts: Facts, actions: readonly Action[]): string[] {
  const needs = actions.filter((a) => a.kind === 'create' || a.kind === 'return' || a.network);
  if (needs.length === 0 || !facts.held.has(systemName) || actions.some((a) => a.kind === 'switch'))
    return [];
  return [
    `${needs.map((a) => a.target).join(', ')} cannot change while the hypervisor's system is held: --release ${hypervisor}`,
  ];
}

export function wrongMachine(index: FleetIndex, hypervisor: string, facts: Facts): string[] {
  const system = index.hypervisors.get(hypervisor)?.system;
  return facts.machine && system !== `${facts.machine}-linux`
    ? [`is ${facts.machine}, fleet.yaml says system: ${system}`]
    : [];
}

/**
 * A bridge would take traffic that goes elsewhere now, if its subnet contains the operator's address or overlaps with a
 * route. The longest prefix wins: a longer route keeps its part, and the bridge takes its part of a shorter one. The
 * latter is fine if that route goes through a router. If it is a directly connected subnet, it is fine only in IPv6,
 * where a server's own /64 is split up, and only if no address of the hypervisor is in that part.
 */
function shadowedRoutes(index: FleetIndex, hypervisor: string, facts: Facts): string[] {
  const found: string[] = [];
  // fleet's own bridges are removed when they leave fleet.yaml.
  const ours = new Set([
    ...index.networksOn(hypervisor).map((n) => n.bridge),
    ...[...facts.deployed.values()].flatMap((d) => nicsOf(d.expected)).map(({ bridge }) => bridge),
  ]);
  const routes = facts.routes.filter(({ device }) => !ours.has(device));
  const lived = [...facts.interfaces.values()]
    .filter((link) => !ours.has(link.name))
    .flatMap((link) => link.addresses.map((address) => address.split('/')[0] ?? ''))
    .concat(
      routes.filter(({ destination }) => !destination.includes('/')).map((r) => r.destination),
    );
  const isLivedIn = (range: Range) => lived.some((address) => overlap(range, rangeOf(address)));
  for (const { name, subnet, gateway, ipv6 } of index.networksOn(hypervisor)) {
    for (const text of ipv6 ? [subnet, ipv6.subnet] : [subnet]) {
      const own = rangeOf(text);
      const title = `network ${name} (${text})`;
      const guests = [
        { who: 'its gateway', address: own?.family === 6 ? (ipv6?.gateway ?? '') : gateway },
        ...index.vmsOn(hypervisor).flatMap((vm) =>
          vm.nics
            .filter((nic) => nic.network === name)
            .map((nic) => ({
              who: vm.name,
              address: (own?.family === 6 ? nic.address6 : nic.address) ?? '',
            })),
        ),
      ];
      if (overlap(own, rangeOf(facts.clientAddress ?? ''))) {
        found.push(`${title} contains your own address ${facts.clientAddress}`);
      }
      for (const { destination, device, connected } of routes) {
        const other = rangeOf(destination);
        if (!own || !other || !overlap(own, other)) continue;
        if (other.prefix > own.prefix) {
          const taken = guests.filter(({ address }) => overlap(other, rangeOf(address)));
          for (const { who } of taken)
            found.push(
              `${title}: the route ${destination} on ${device} diverts what is sent to ${who}`,
            );
          continue;
        }
        const isCutOut =
          other.prefix < own.prefix && (!connected || (own.family === 6 && !isLivedIn(own)));
        if (!isCutOut) {
          found.push(`${title} shadows the route ${destination} on ${device}`);
        }
      }
    }
  }
  return found;
}

/** Addresses of one family. */
interface Range {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly prefix: number;
}

/** The range of an address or a subnet; undefined for anything else, such as `default`. */
function rangeOf(text: string): Range | undefined {
  if (text.includes(':')) {
    const subnet = parseSubnet6(text.includes('/') ? text : `${text}/128`);
    return subnet && { family: 6, first: subnet.base, last: subnet.last, prefix: subnet.prefix };
  }
  const subnet = parseSubnet(text.includes('/') ? text : `${text}/32`);
  if (!subnet) return undefined;
  const { base, broadcast, prefix } = subnet;
  return { family: 4, first: BigInt(base), last: BigInt(broadcast), prefix };
}

const overlap = (a: Range | undefined, b: Range | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.family === b.family &&
  a.first <= b.last &&
  b.first <= a.last;

/** A tool that scripts need and that is not there, and where it comes from. */
export const missingTool = (tool: string): string =>
  `${tool} is not on its PATH: ${remedies[tool] ?? `install ${tool}`}`;

/** The line in the hypervisor's configuration that adds a missing tool. */
const remedies: Readonly<Record<string, string>> = {
  flock: 'environment.systemPackages = [ pkgs.util-linux ];',
  git: 'environment.systemPackages = [ pkgs.git ];',
  ip: 'environment.systemPackages = [ pkgs.iproute2 ];',
  microvm: 'its system has it: is /run/current-system/sw/bin on the PATH of commands over ssh?',
  ping: 'environment.systemPackages = [ pkgs.iputils ];',
};

/** Volumes are mounted by label, so a guest would not find one whose label changes. */
function changedVolumes(index: FleetIndex, facts: Facts, name: string): string[] {
  const vm = index.vms.get(name);
  const before = facts.deployed.get(name)?.expected?.volumes ?? [];
  return before.flatMap((old) => {
    const now = vm?.volumes.find((v) => v.image === old.image);
    if (!now) return [];
    if (now.fs !== (old.fs ?? now.fs)) {
      return [
        `${name}: ${old.image} was made as ${old.fs}, fleet.yaml says ${now.fs}; ` +
          'its guest could not mount it: give the new one another image',
      ];
    }
    if (now.label === old.label && now.mount === old.mount) return [];
    return [
      `${name}: ${old.image} was made for ${old.mount} (label ${old.label}), fleet.yaml says ${now.mount} (label ${now.label}); ` +
        'its guest would not find it: give the new mount an image of its own',
    ];
  });
}
