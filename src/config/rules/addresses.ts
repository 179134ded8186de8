import {
  contains,
  defaultAddress,
  formatAddress,
  formatSubnet,
  gateway,
  parseAddress,
} from '../../model/addresses.ts';
import type { Finding } from '../finding.ts';
import type { Draft, DraftNetwork, DraftVm } from '../normalise.ts';
import { smallest } from './subnets.ts';

/** A vm names its networks in exactly one of the two ways. */
export function* vmHasNetwork({ vms }: Draft): Iterable<Finding> {
  for (const { name, path, yaml, links } of vms.values()) {
    const again = links.find(({ network }, i) => links.findIndex((l) => l.network === network) < i);
    if (links.length === 0) {
      const message = `vm ${name} is on no network`;
      yield { code: 'E407', path, on: 'key', message, hint: 'add network: NAME' };
    } else if (yaml.networks && (yaml.network !== undefined || yaml.address !== undefined)) {
      const message = `vm ${name} has both networks and network or address`;
      const hint = 'keep either networks, or network and address';
      yield { code: 'E407', path: [...path, 'networks'], on: 'key', message, hint };
    } else if (again) {
      const message = `vm ${name} is on network ${again.network} twice`;
      yield { code: 'E407', path: again.path, message, hint: 'keep one of the two' };
    }
  }
}

/** Addresses belong to the subnet, are usable, and no two vms have the same. */
export function* addresses({ networks }: Draft): Iterable<Finding> {
  for (const network of networks.values()) {
    const { subnet, members } = network;
    // The subnet has no usable addresses, and another rule reports that.
    if (subnet.prefix > smallest) continue;
    const owners = new Map<number, DraftVm>();
    for (const { vm, link } of members) {
      const { address: text, addressPath: path } = link;
      if (text === undefined) continue;
      const address = parseAddress(text)!;
      const use = usedFor(network, address);
      const owner = owners.get(address);
      const range = `vms can have ${formatAddress(defaultAddress(subnet))} to ${formatAddress(subnet.broadcast - 1)}`;
      if (!contains(subnet, address)) {
        const message = `${text} is not in ${formatSubnet(subnet)} of network ${network.name}`;
        yield { code: 'E408', path, message, hint: range };
      } else if (use) {
        const message = `${text} is the ${use} address of network ${network.name}`;
        yield { code: 'E409', path, message, hint: range };
      } else if (owner) {
        const message = `${text} is already the address of vm ${owner.name}`;
        yield { code: 'E410', path, message, hint: 'give one of the two another address' };
      }
      if (!owner) owners.set(address, vm);
    }
    if (members.length > 1) yield* missingAddresses(network, owners);
  }
}

function usedFor({ subnet }: DraftNetwork, address: number): string | undefined {
  if (address === subnet.base) return 'network';
  if (address === gateway(subnet)) return 'gateway';
  return address === subnet.broadcast ? 'broadcast' : undefined;
}

/**
 * If it is alone, a vm has the address after the gateway. When more vms join, the first one without an address is told to
 * write this one down, which changes nothing for it; the others are told the next free ones.
 */
function* missingAddresses(
  { name, subnet, members }: DraftNetwork,
  owners: ReadonlyMap<number, DraftVm>,
): Iterable<Finding> {
  let next = defaultAddress(subnet);
  for (const { vm, link } of members) {
    if (link.address !== undefined) continue;
    while (owners.has(next)) next++;
    const alone = next === defaultAddress(subnet) ? ', its address while it was alone there' : '';
    const free = next < subnet.broadcast;
    yield {
      code: 'E411',
      path: vm.yaml.network === undefined ? link.path : vm.path,
      on: vm.yaml.network === undefined ? 'value' : 'key',
      message: `vm ${vm.name} needs an address: network ${name} has ${members.length} vms`,
      hint: free ? `add address: ${formatAddress(next++)}${alone}` : 'the subnet is full',
    };
  }
}
