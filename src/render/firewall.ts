import type { Network, Nic, Vm } from '../model/fleet.ts';
import { wayOut } from '../model/way-out.ts';
import { nixFile } from '../nix/print.ts';
import { type Firewall, firewallTable, type Target } from './firewall-rules.ts';
import { rendered } from './marker.ts';

/** `hosts/<hypervisor>/firewall.nix`: who may connect to whom. */
export function firewallFile(firewall: Firewall): string {
  const content = firewallTable(firewall);
  // A table of its own, so that a reload touches neither the tables of others nor open connections.
  const tables = { fleet: { content, family: 'inet' } };
  return rendered(nixFile({ networking: { nftables: { tables } } }));
}

/** Replies leave by the default route, so requests have to come in there. */
export function targetsOf(vm: Vm, networkOf: (name: string) => Network): Target[] {
  const { ipv4, ipv6 } = wayOut(vm.nics, networkOf);
  const to = (family: Target['family'], nic: Nic | undefined, address: string | undefined) =>
    nic && address ? [{ family, bridge: networkOf(nic.network).bridge, address }] : [];
  const guests = [...to('ip', ipv4, ipv4?.address), ...to('ip6', ipv6, ipv6?.address6)];
  return vm.publish.flatMap((port) => guests.map((guest) => ({ ...port, ...guest })));
}
