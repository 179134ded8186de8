import type { Facts } from '../model/facts.ts';
import type { Interface } from '../model/network-facts.ts';
import { forwardsOf } from './answers/nat-rules.ts';
import { fileOf, matches } from './answers/network-files.ts';
import type { Runners } from './answers/runners.ts';
import type { NewSystem } from './new-system.ts';

/** Something that the host has now, and that a new system would not have. */
export interface Loss {
  /** Its name for `--drop`: a bridge, a vm, an address, a user, a port. */
  readonly name: string;
  readonly text: string;
  /** Whether this cuts off the host or one of its guests: refused unless a person names it. */
  readonly cuts: boolean;
}

/**
 * What a host would lose by its first switch, which replaces everything that was in /etc/nixos.
 * @param ours vms that fleet manages from then on; they are checked by themselves
 */
export function losses(
  facts: Facts,
  runners: Runners,
  next: NewSystem,
  ours: ReadonlySet<string>,
): Loss[] {
  const guests = guestsOf(facts, runners);
  const own = ownAddress(facts, runners, next);
  return [
    ...(own ? [own] : []),
    ...bridgeLosses(facts, runners, next, guests),
    ...tapLosses(runners, next, guests, ours),
    ...addressLosses(facts, runners, next, guests).filter(({ name }) => name !== own?.name),
    ...[...runners.autostart]
      .filter((name) => !next.autostart.has(name) && !ours.has(name))
      .map((name) =>
        quiet(name, `vm ${name} from microvm.autostart (it no longer starts at boot)`),
      ),
    ...runners.users
      .filter((name) => !next.users.has(name))
      .map((name) => quiet(name, `user ${name}`)),
    ...runners.open
      .filter((port) => !isOpen(port, next))
      .map((port) => quiet(port, `open port ${port}`)),
    ...forwardsOf(runners, allAddresses(facts, runners))
      .filter((forward) => !next.forwards.has(forward.replace(/ →.*/, '')))
      .map((forward) => quiet(forward, `forwarded port ${forward}`)),
    ...runners.refusing.map((table) =>
      quiet(table, `the rules of ${table}, which drop forwarded traffic by default`),
    ),
  ];
}

const quiet = (name: string, text: string): Loss => ({ name, text, cuts: false });

/** A running vm, whatever its name. */
interface Guest {
  readonly name: string;
  readonly taps: readonly string[];
}

function guestsOf(facts: Facts, runners: Runners): Guest[] {
  const named = runners.vms
    .filter(({ name }) => facts.vms.get(name)?.unit.active === 'active')
    .map(({ name, nics }) => ({ name, taps: nics.map(({ tap }) => tap) }));
  const others = runners.others
    .map((name) => ({ name, taps: runners.otherTaps.get(name) ?? [] }))
    .filter(({ taps }) => taps.some((tap) => facts.interfaces.has(tap)));
  return [...named, ...others];
}

const isGlobal = (address: string): boolean => !/^(fe80:|127\.|::1\/)/.test(address);
const withoutPrefix = (address: string): string => address.replace(/\/.*/, '');

function allAddresses(facts: Facts, runners: Runners): string[] {
  return [...runners.ports.keys()].flatMap((bridge) => addressesOf(facts.interfaces.get(bridge)));
}

const addressesOf = (link: Interface | undefined): string[] =>
  (link?.addresses ?? []).filter(isGlobal);

/** Whether the interface will exist and have that address. */
function willHave(device: string, address: string, next: NewSystem, isMade: boolean): boolean {
  if (isMade && !next.makes.has(device)) return false;
  const file = fileOf(device, next.files);
  const scripted = next.interfaces.get(device);
  const [host, family] = [withoutPrefix(address), address.includes(':') ? ':' : '.'];
  const has = (addresses: readonly string[]) =>
    addresses.some((one) => one.includes(family) && withoutPrefix(one) === host);
  if (has(file?.addresses ?? []) || has(scripted?.addresses ?? [])) return true;
  // A file that matches by MAC or kind may be the one that applies to this card: then its addresses count.
  const nameless = isMade ? [] : next.files.filter(({ names }) => names.length === 0);
  return nameless.some(({ addresses }) => has(addresses));
}

/** Whether it will use DHCP; for cards that are not mentioned, the default decides. */
function asksDhcp(device: string, next: NewSystem, isMade: boolean): boolean {
  if (isMade && !next.makes.has(device)) return false;
  const file = fileOf(device, next.files);
  const scripted = next.interfaces.get(device);
  if (file?.dhcp || scripted?.dhcp) return true;
  if (!isMade && next.files.some((f) => f.dhcp && (f.names.length === 0 || matches(device, f))))
    return true;
  return file === undefined && (scripted?.addresses.length ?? 0) === 0 && next.dhcp;
}

/** The address that fleet connected to: without it nobody can log in again. */
function ownAddress(facts: Facts, runners: Runners, next: NewSystem): Loss | undefined {
  const { ownAddress: own } = facts;
  if (own === undefined) return undefined;
  const link = [...facts.interfaces.values()].find(({ addresses }) =>
    addresses.some((address) => withoutPrefix(address) === own && isGlobal(address)),
  );
  if (!link) return undefined;
  const address = link.addresses.find((one) => withoutPrefix(one) === own) ?? own;
  const isMade = runners.made.has(link.name);
  if (willHave(link.name, address, next, isMade)) return undefined;
  const isLeased = link.leased?.includes(address) ?? false;
  const asks = asksDhcp(link.name, next, isMade);
  if (asks && (isLeased || own.includes(':'))) return undefined;
  const instead =
    isMade && !next.makes.has(link.name)
      ? `the new system has no ${link.name}`
      : asks
        ? 'the new system asks DHCP there, which may assign another'
        : 'nothing in the new system assigns it';
  return {
    name: own,
    text: `${address} on ${link.name}, the address you connected to (${instead})`,
    cuts: true,
  };
}

/** Bridges with guests that are lost, or lose an address (a gateway of guests) or a card. */
function bridgeLosses(
  facts: Facts,
  runners: Runners,
  next: NewSystem,
  guests: readonly Guest[],
): Loss[] {
  return [...runners.ports].flatMap(([bridge, ports]) => {
    const inside = guests.filter(({ taps }) => taps.some((tap) => ports.includes(tap)));
    const addresses = addressesOf(facts.interfaces.get(bridge));
    const what = [bridge, ...(addresses.length > 0 ? [`(${addresses.join(', ')})`] : [])].join(' ');
    const whom =
      inside.length > 0 ? `, with ${inside.map(({ name }) => name).join(', ')} in it` : '';
    if (!next.makes.has(bridge)) {
      if (inside.length === 0 && isOfOthers(bridge)) return [];
      return [{ name: bridge, text: `bridge ${what}${whom}`, cuts: inside.length > 0 }];
    }
    const lost = addresses.filter(
      (address) => !willHave(bridge, address, next, true) && !asksDhcp(bridge, next, true),
    );
    // A card in the bridge is the guests' way out.
    const cards = ports.filter(
      (port) =>
        !runners.made.has(port) &&
        !guests.some(({ taps }) => taps.includes(port)) &&
        !isVirtual(port) &&
        masterOf(port, next) !== bridge,
    );
    return [
      ...(lost.length === 0
        ? []
        : [
            {
              name: bridge,
              text: `${lost.join(', ')} on ${bridge}${whom}`,
              cuts: inside.length > 0,
            },
          ]),
      ...(cards.length === 0 || inside.length === 0
        ? []
        : [
            {
              name: bridge,
              text: `${cards.join(', ')} from ${bridge}${whom} (the new system does not attach it)`,
              cuts: true,
            },
          ]),
    ];
  });
}

const masterOf = (port: string, next: NewSystem): string | undefined =>
  next.masters.get(port) ?? fileOf(port, next.files)?.bridge;

/** Guests whose TAP enters no bridge when they start next. If the bridge itself goes, bridgeLosses reports it. */
function tapLosses(
  runners: Runners,
  next: NewSystem,
  guests: readonly Guest[],
  ours: ReadonlySet<string>,
): Loss[] {
  const bridgeOf = (tap: string) =>
    [...runners.ports].find(([, ports]) => ports.includes(tap))?.[0];
  return guests
    .filter(({ name }) => !ours.has(name))
    .flatMap(({ name, taps }) => {
      const lost = taps.filter((tap) => {
        const bridge = bridgeOf(tap);
        return bridge !== undefined && next.makes.has(bridge) && masterOf(tap, next) !== bridge;
      });
      return lost.map((tap) => ({
        name,
        text: `vm ${name} from ${bridgeOf(tap)} (the new system does not attach ${tap})`,
        cuts: true,
      }));
    });
}

/** Fixed addresses of other interfaces; those of guests' bridges are in bridgeLosses. */
function addressLosses(
  facts: Facts,
  runners: Runners,
  next: NewSystem,
  guests: readonly Guest[],
): Loss[] {
  const taps = new Set(guests.flatMap((guest) => guest.taps));
  return [...facts.interfaces.values()]
    .filter(({ name }) => !runners.ports.has(name) && !taps.has(name) && !isVirtual(name))
    .flatMap((link) =>
      addressesOf(link)
        .filter((address) => !(link.leased?.includes(address) ?? false))
        .filter((address) => !willHave(link.name, address, next, runners.made.has(link.name)))
        .map((address) => quiet(withoutPrefix(address), `address ${address} on ${link.name}`)),
    );
}

function isOpen(port: string, { firewall, open, ranges }: NewSystem): boolean {
  const [protocol = '', number = ''] = port.split(' ');
  return (
    !firewall ||
    open.has(port) ||
    ranges.some(
      (range) =>
        range.protocol === protocol && range.from <= Number(number) && Number(number) <= range.to,
    )
  );
}

/** Bridges that Docker, libvirt and the like create for themselves. */
const isOfOthers = (name: string): boolean =>
  /^(docker\d|br-[0-9a-f]{12}$|virbr|podman|cni|lxdbr|lxcbr|incusbr)/.test(name);

const isVirtual = (name: string): boolean =>
  isOfOthers(name) || /^(lo$|veth|tap|vnet|tun|tailscale|wg|zt|flannel|vm-)/.test(name);
