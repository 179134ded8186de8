import type { Finding } from '../finding.ts';
import type { Draft, DraftHypervisor } from '../normalise.ts';
import { overlapping } from './subnets.ts';

const advertises = ({ yaml: { tailscale } }: DraftHypervisor): boolean =>
  tailscale?.enable === true && tailscale.advertiseRoutes === true;

/** The tailnet can route an address to one hypervisor only. */
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

/** Who advertises routes is part of a tailnet. */
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
