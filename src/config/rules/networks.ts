import { formatSubnet, overlaps, parseAddress, parseSubnet } from '../../model/addresses.ts';
import type { Finding } from '../finding.ts';
import type { Draft, DraftNetwork } from '../normalise.ts';

/** Ranges that mean something else to every machine. */
const reserved = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'].map(
  (text) => parseSubnet(text)!,
);

const subnetPath = ({ path }: DraftNetwork) => [...path, 'subnet'];

/** Each subnet is written as a subnet, and has room for a gateway and a vm. */
export function* subnets({ networks }: Draft): Iterable<Finding> {
  for (const network of networks.values()) {
    const { subnet, yaml } = network;
    const path = subnetPath(network);
    const text = formatSubnet(subnet);
    if (parseAddress(yaml.subnet.split('/')[0]!) !== subnet.base) {
      const message = `${yaml.subnet} is an address inside of a subnet`;
      yield { code: 'E401', path, message, hint: `write ${text}` };
    }
    if (subnet.prefix < 8 || subnet.prefix > 30) {
      const message = `/${subnet.prefix} is too ${subnet.prefix < 8 ? 'large' : 'small'} a subnet`;
      const hint = 'from /8 to /30: a gateway and at least one vm have to fit';
      yield { code: 'E402', path, message, hint };
    }
    const range = reserved.find((other) => overlaps(subnet, other));
    if (range) {
      const message = `${text} lies in ${formatSubnet(range)}, which is reserved`;
      yield { code: 'E403', path, message, hint: 'take a private one, such as 10.1.0.0/24' };
    }
  }
}

/** A hypervisor can route an address to one bridge only. */
export function* overlappingSubnets({ hypervisors }: Draft): Iterable<Finding> {
  for (const { name, networks } of hypervisors.values()) {
    const sorted = [...networks].sort((a, b) => a.subnet.base - b.subnet.base);
    // The one that reaches furthest so far: comparing with it is enough.
    let widest: DraftNetwork | undefined;
    for (const network of sorted) {
      if (widest && overlaps(widest.subnet, network.subnet)) {
        const message = `this subnet overlaps with that of network ${widest.name}, also on ${name}`;
        const hint = `${widest.name} has ${formatSubnet(widest.subnet)}; take one outside of it`;
        yield { code: 'E404', path: subnetPath(network), message, hint };
      }
      if (!widest || network.subnet.broadcast > widest.subnet.broadcast) widest = network;
    }
  }
}

/** A network is one bridge, and a bridge is on one machine. */
export function* networkOnOneHypervisor({ networks }: Draft): Iterable<Finding> {
  for (const { name, members } of networks.values()) {
    const first = members[0];
    for (const vm of members) {
      if (vm.yaml.on === first!.yaml.on) continue;
      const message = `network ${name} is on ${first!.yaml.on} because of vm ${first!.name}`;
      const hint = `give the vms on ${vm.yaml.on} a network of their own`;
      yield { code: 'E405', path: vm.link!.path, message, hint };
    }
  }
}

/** Nat needs to know where out is. */
export function* natNeedsUplink({ hypervisors }: Draft): Iterable<Finding> {
  for (const { name, yaml, networks } of hypervisors.values()) {
    if (yaml.uplink !== undefined) continue;
    for (const network of networks) {
      if (network.yaml.nat === false) continue;
      const path = network.yaml.nat === undefined ? network.path : [...network.path, 'nat'];
      const message = `network ${network.name} has nat, but ${name} has no uplink`;
      const hint = `set hypervisors.${name}.uplink, or nat: false here`;
      yield { code: 'E406', path, on: 'key', message, hint };
    }
  }
}
