import type { Network, Nic } from './fleet.ts';

/** The NICs that a vm's default routes go through. */
export interface WayOut {
  readonly ipv4: Nic | undefined;
  readonly ipv6: Nic | undefined;
}

/**
 * The first NIC whose network has nat, else the first: two default routes would compete. What egress
 * lets out does not count, so that a change of the firewall changes no guest.
 */
export function wayOut(nics: readonly Nic[], networkOf: (name: string) => Network): WayOut {
  const first = (usable: readonly Nic[]): Nic | undefined =>
    usable.find((nic) => networkOf(nic.network).nat) ?? usable[0];
  return { ipv4: first(nics), ipv6: first(nics.filter((nic) => nic.address6 !== undefined)) };
}
