import { formatSubnet, overlaps, parseAddress, parseSubnet } from '../../model/addresses.ts';
import {
  formatSubnet6,
  overlaps6,
  parseAddress6,
  parseSubnet6,
  type Subnet6,
} from '../../model/addresses6.ts';
import type { Finding, Path } from '../finding.ts';
import { quote } from '../finding.ts';
import type { Draft, DraftNetwork } from '../normalise.ts';

/** Ranges with a special meaning on every machine. */
const reserved = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'].map(
  (text) => parseSubnet(text)!,
);
const reserved6 = ['::/8', 'fe80::/10', 'ff00::/8'].map((text) => parseSubnet6(text)!);

/** The longest IPv4 prefix with room for a gateway and a vm. */
export const smallest = 30;

/** IPv6 prefixes: a longer one has no room for the IPv4 hosts; a shorter one is a whole site or more. */
const widest6 = 48;

/** A subnet has to be a valid subnet, with room for a gateway and a vm. */
export function* subnets({ networks }: Draft): Iterable<Finding> {
  for (const { subnet, yaml, path: at } of networks.values()) {
    const path = [...at, 'subnet'];
    const text = formatSubnet(subnet);
    if (parseAddress(yaml.subnet.split('/')[0]!) !== subnet.base) {
      yield insideOf(yaml.subnet, text, path);
    }
    if (subnet.prefix < 8 || subnet.prefix > smallest) {
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

/** The same for IPv6. A vm has the same number in both subnets, so both need to be large enough. */
export function* subnets6({ networks }: Draft): Iterable<Finding> {
  for (const network of networks.values()) {
    const { subnet6, yaml, path: at } = network;
    if (yaml.subnet6 === undefined) continue;
    const path = [...at, 'subnet6'];
    if (subnet6) yield* subnet6Rules(network, subnet6, path);
    else {
      const message = `${quote(yaml.subnet6)} is not an IPv6 subnet`;
      yield { code: 'E205', path, message, hint: 'for example fd00:9::/64' };
    }
  }
}

function* subnet6Rules(
  { yaml, subnet }: DraftNetwork,
  subnet6: Subnet6,
  path: Path,
): Iterable<Finding> {
  const text = formatSubnet6(subnet6);
  if (parseAddress6(yaml.subnet6!.split('/')[0]!) !== subnet6.base) {
    yield insideOf(yaml.subnet6!, text, path);
  }
  const longest = 128 - (32 - subnet.prefix);
  if (subnet6.prefix < widest6 || subnet6.prefix > longest) {
    const size = subnet6.prefix < widest6 ? 'large' : 'small';
    const message = `/${subnet6.prefix} is too ${size} a subnet`;
    const hint = `from /${widest6} to /${longest}: the hosts of ${formatSubnet(subnet)} have to fit`;
    yield { code: 'E402', path, message, hint };
  }
  const range = reserved6.find((other) => overlaps6(subnet6, other));
  if (range) {
    const message = `${text} lies in ${formatSubnet6(range)}, which is reserved`;
    yield { code: 'E403', path, message, hint: 'take a private one, such as fd00:9::/64' };
  }
}

const insideOf = (written: string, text: string, path: Path): Finding => ({
  code: 'E401',
  path,
  message: `${written} is an address inside of a subnet`,
  hint: `write ${text}`,
});

/** A subnet of either kind and where it is written. */
export interface Range {
  readonly network: DraftNetwork;
  readonly text: string;
  readonly path: Path;
  readonly base: bigint;
  readonly last: bigint;
}

/** Pairs of subnets that overlap, the one that begins first as second. */
export function overlapping(networks: readonly DraftNetwork[]): [Range, Range][] {
  return [...pairs(networks.map(range)), ...pairs(networks.flatMap(range6))];
}

const range = (network: DraftNetwork): Range => ({
  network,
  text: formatSubnet(network.subnet),
  path: [...network.path, 'subnet'],
  base: BigInt(network.subnet.base),
  last: BigInt(network.subnet.broadcast),
});

function range6(network: DraftNetwork): Range[] {
  const { subnet6, path } = network;
  if (!subnet6) return [];
  return [{ network, text: formatSubnet6(subnet6), path: [...path, 'subnet6'], ...subnet6 }];
}

function pairs(ranges: readonly Range[]): [Range, Range][] {
  const sorted = [...ranges].sort((a, b) => (a.base < b.base ? -1 : a.base > b.base ? 1 : 0));
  const found: [Range, Range][] = [];
  // Comparing with the one that reaches furthest so far is enough.
  let widest: Range | undefined;
  for (const one of sorted) {
    if (widest && one.base <= widest.last) found.push([one, widest]);
    if (!widest || one.last > widest.last) widest = one;
  }
  return found;
}
