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
export const firstOut = <Of>(usable: readonly Of[], hasNat: (one: Of) => boolean): Of | undefined =>
  usable.find(hasNat) ?? usable[0];

/** Its way out in IPv4, and in IPv6 among those that have it. */
export function wayOut(nics: readonly Nic[], networkOf: (name: string) => Network): WayOut {
  const hasNat = (nic: Nic): boolean => networkOf(nic.network).nat;
  const with6 = nics.filter((nic) => nic.address6 !== undefined);
  return { ipv4: firstOut(nics, hasNat), ipv6: firstOut(with6, hasNat) };
}
