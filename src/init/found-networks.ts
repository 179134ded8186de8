import { fileOf, type Serving } from '../host/answers/network-files.ts';
import type { FoundNic, FoundVm, Runners } from '../host/answers/runners.ts';
import {
  contains,
  formatSubnet,
  gateway,
  overlaps,
  parseAddress,
  parseSubnet,
  type Subnet,
} from '../model/addresses.ts';
import {
  formatSubnet6,
  hostAddress6,
  overlaps6,
  parseAddress6,
  parseSubnet6,
  type Subnet6,
} from '../model/addresses6.ts';
import type { Facts } from '../model/facts.ts';
import { bridgeName } from '../model/names.ts';
import type { FirstHypervisor } from './first-hypervisor.ts';
import { refusals } from './refusals.ts';
import type { Fields } from './text.ts';

interface SeenBridge {
  readonly bridge: string;
  /** With prefix, as the hypervisor has them now. */
  readonly addresses: readonly string[];
  /** Interfaces of found vms that belong in it, up or not. */
  readonly taps: readonly string[];
  /** Everybody else in it: a card of the hypervisor, perhaps. */
  readonly others: readonly string[];
  /** Those of them that may have a cable in them. */
  readonly cards: readonly string[];
  /** It can stay as it is, as config. */
  readonly isKept: boolean;
  /** What networkd serves its guests; undefined: nothing. */
  readonly serving: Serving | undefined;
  /** What a network that it is would be called. */
  readonly network: string;
}

/** A bridge that vms are on, and the network of fleet.yaml that it is, if it can be one. */
export interface FoundBridge extends SeenBridge {
  /** Fields of the network; undefined: no network can be what this bridge is, for these reasons. */
  readonly fields: Fields | undefined;
  readonly reasons: readonly string[];
  /** Addresses that the hypervisor has there, and that the network will not have. */
  readonly lost: readonly string[];
}

/** Every bridge with an interface of a vm, in the order in which vms name them. `nat`: its guests are let out. */
export function foundBridges(
  first: FirstHypervisor,
  facts: Facts,
  runners: Runners,
  nat: boolean,
): FoundBridge[] {
  // Of vms by whatever name: those that cannot be fleet's stay in their bridge beside those that are.
  const taps = new Set([
    ...runners.vms.flatMap((vm) => vm.nics.map(({ tap }) => tap)),
    ...[...runners.otherTaps.values()].flat(),
  ]);
  const bridges = new Set([...taps].map((tap) => bridgeOf(tap, runners)).filter(isDefined));
  const names = new Set<string>();
  const found: FoundBridge[] = [];
  for (const bridge of bridges) {
    // br-apps is called apps; br0 keeps its name.
    const plain = bridge
      .toLowerCase()
      .replace(/^br-?(?=[a-z])/, '')
      .replace(/[^a-z0-9-]/g, '-');
    const name = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(plain) ? plain : `net${names.size}`;
    const network = names.has(name) ? `${name}-${names.size}` : name;
    names.add(network);
    const ports = runners.ports.get(bridge) ?? [];
    const others = ports.filter((port) => !taps.has(port));
    const cards = others.filter((port) => !runners.tuns.has(port) && !port.startsWith('veth'));
    const live = (facts.interfaces.get(bridge)?.addresses ?? []).filter(
      (address) => !address.startsWith('fe80:'),
    );
    // A bridge that nobody is in may not even have its addresses.
    const file = fileOf(bridge, runners.networkd);
    const addresses = live.length > 0 ? live : (file?.addresses ?? []);
    const isServed = file?.serving.dhcp || file?.serving.advertisements;
    const seen = {
      bridge,
      addresses,
      taps: [...taps].filter((tap) => bridgeOf(tap, runners) === bridge),
      others,
      cards,
      isKept: cards.every((card) => isOfNetworkd(card, bridge, runners)),
      serving: isServed ? file?.serving : undefined,
      network,
    };
    found.push({ ...seen, ...asNetwork(first, seen, found, nat) });
  }
  return found;
}

/** Whether networkd has all of it: the bridge, its addresses and routes, and the card in it. */
const isOfNetworkd = (card: string, bridge: string, { networkd, netdevs }: Runners): boolean =>
  netdevs.has(bridge) &&
  fileOf(bridge, networkd) !== undefined &&
  fileOf(card, networkd)?.bridge === bridge;

/** The bridge that an interface is in; of one that is not up, the one that networkd would put it in. */
export function bridgeOf(tap: string, runners: Runners): string | undefined {
  const live = [...runners.ports].find(([, ports]) => ports.includes(tap))?.[0];
  return live ?? fileOf(tap, runners.networkd)?.bridge;
}

/** The address of a vm on a bridge, and whether the vm gives it to itself. */
export function addressOn(
  { addresses }: FoundBridge,
  vm: FoundVm,
  nic: FoundNic,
  runners: Runners,
): { address: string; own: boolean } | undefined {
  const subnet = addresses.map(parseSubnet).find(isDefined);
  if (!subnet) return undefined;
  const here = (text: string) => {
    const address = parseAddress(text);
    return address !== undefined && contains(subnet, address);
  };
  const own = vm.addresses.map(withoutPrefix).find(here);
  if (own !== undefined) return { address: own, own: true };
  const heard = runners.neighbours.find(({ mac, address }) => mac === nic.mac && here(address));
  return heard && { address: heard.address, own: false };
}

/** `before`: bridges that come first where two overlap. */
function asNetwork(
  first: FirstHypervisor,
  { bridge, network, addresses, others }: SeenBridge,
  before: readonly FoundBridge[],
  nat: boolean,
): Pick<FoundBridge, 'fields' | 'reasons' | 'lost'> {
  const own = addresses.find((address) => parseSubnet(address) !== undefined);
  const subnet = own === undefined ? undefined : parseSubnet(own);
  const reasons: string[] = [];
  if (others.length > 0) reasons.push(`${others.join(', ')} is in it, too`);
  if (!own || !subnet)
    return { fields: undefined, reasons: [...reasons, 'it has no IPv4 address'], lost: [] };
  if (parseAddress(withoutPrefix(own)) !== gateway(subnet)) {
    const text = formatSubnet(subnet);
    reasons.push(`the hypervisor's address ${own} is not the first of ${text}`);
  }
  const fieldsWith = (subnet6?: Subnet6): Fields => ({
    subnet: formatSubnet(subnet),
    ...(subnet6 && { subnet6: formatSubnet6(subnet6) }),
    ...(bridge !== bridgeName(network) && { bridge }),
    ...(!nat && { nat }),
    isolated: false,
    metadata: true,
  });
  // Some rules are only about networks that a vm is on.
  const vms = { vm: { on: first.name, network } };
  const refused = (fields: Fields) =>
    refusals(first, 'networks', { networks: { [network]: fields }, vms });
  reasons.push(...refused(fieldsWith()).map(({ message }) => message));
  const twin = before.find((other) => {
    const theirs = parseSubnet(String(other.fields?.subnet));
    return theirs !== undefined && overlaps(theirs, subnet);
  });
  if (twin) reasons.push(`its subnet overlaps with that of ${twin.bridge}`);
  if (reasons.length > 0) return { fields: undefined, reasons, lost: [] };
  const taken6 = before
    .map(({ fields }) => parseSubnet6(String(fields?.subnet6)))
    .filter(isDefined);
  const own6 = addresses.find((address) => {
    const subnet6 = gatewayOf6(address, subnet);
    return (
      subnet6 !== undefined &&
      !taken6.some((theirs) => overlaps6(theirs, subnet6)) &&
      refused(fieldsWith(subnet6)).length === 0
    );
  });
  return {
    fields: fieldsWith(own6 === undefined ? undefined : parseSubnet6(own6)),
    reasons,
    lost: addresses.filter((address) => address !== own && address !== own6),
  };
}

/** The IPv6 subnet of an address of the hypervisor's that is the one fleet would give it beside that IPv4 subnet. */
function gatewayOf6(address: string, subnet: Subnet): Subnet6 | undefined {
  const subnet6 = parseSubnet6(address);
  const number = gateway(subnet) - subnet.base;
  return subnet6 && parseAddress6(withoutPrefix(address)) === hostAddress6(subnet6, number)
    ? subnet6
    : undefined;
}

const withoutPrefix = (address: string): string => address.replace(/\/.*/, '');

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}
