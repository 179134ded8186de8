import { formatSubnet, overlaps, parseSubnet } from '../../model/addresses.ts';
import { formatSubnet6, overlaps6, parseSubnet6 } from '../../model/addresses6.ts';
import type { Finding, Path } from '../finding.ts';
import type { Draft, DraftHypervisor, DraftNetwork } from '../normalise.ts';
import { runsTailscale } from './services.ts';
import { overlapping } from './subnets.ts';

/** The ranges that tailscale uses in every tailnet. */
const tailnet = parseSubnet('100.64.0.0/10')!;
const tailnet6 = parseSubnet6('fd7a:115c:a1e0::/48')!;

const advertises = ({ yaml: { tailscale } }: DraftHypervisor): boolean =>
  tailscale?.enable === true && tailscale.advertiseRoutes === true;

/** Advertised subnets must not overlap: the tailnet routes an address to one hypervisor only. */
export function* advertisedSubnets({ hypervisors }: Draft): Iterable<Finding> {
  const owners = new Map(
    [...hypervisors.values()]
      .filter(advertises)
      .flatMap(({ name, networks }) => [...networks].map((network) => [network, name] as const)),
  );
  for (const [one, other] of overlapping([...owners.keys()])) {
    const here = owners.get(one.network);
    const there = owners.get(other.network);
    if (here === there) continue;
    const message = `${here} advertises this subnet, and ${there} that of network ${other.network.name}`;
    const hint = `${other.network.name} has ${other.text}; take one outside of it`;
    yield { code: 'E416', path: one.path, message, hint };
  }
}

/** `advertiseRoutes` needs tailscale to be enabled. */
export function* advertisingIsEnabled({ hypervisors }: Draft): Iterable<Finding> {
  for (const { name, path, yaml } of hypervisors.values()) {
    if (!yaml.tailscale?.advertiseRoutes || yaml.tailscale.enable) continue;
    yield {
      code: 'E417',
      path: [...path, 'tailscale', 'advertiseRoutes'],
      message: `${name} advertises routes, but tailscale is not enabled there`,
      hint: 'write tailscale: { enable: true, advertiseRoutes: true }',
    };
  }
}

/** Subnets must not be in the ranges of peers: in IPv4, tailscale drops such packets from other interfaces. */
export function* besideTailscale({ hypervisors }: Draft): Iterable<Finding> {
  for (const { name, yaml, networks } of hypervisors.values()) {
    if (!runsTailscale(yaml)) continue;
    for (const network of networks) {
      for (const { text, range, path, instead } of overlapsWithTailscale(network)) {
        const message = `${text} overlaps with ${range}, which is tailscale's on ${name}`;
        yield { code: 'E418', path, message, hint: `take another one, such as ${instead}` };
      }
    }
  }
}

interface Overlap {
  readonly text: string;
  readonly range: string;
  readonly path: Path;
  readonly instead: string;
}

function* overlapsWithTailscale({ subnet, subnet6, path }: DraftNetwork): Iterable<Overlap> {
  if (overlaps(subnet, tailnet)) {
    yield {
      text: formatSubnet(subnet),
      range: formatSubnet(tailnet),
      path: [...path, 'subnet'],
      instead: '10.1.0.0/24',
    };
  }
  if (subnet6 && overlaps6(subnet6, tailnet6)) {
    yield {
      text: formatSubnet6(subnet6),
      range: formatSubnet6(tailnet6),
      path: [...path, 'subnet6'],
      instead: 'fd00:9::/64',
    };
  }
}
