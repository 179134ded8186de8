import type { Hypervisor, Network } from '../model/fleet.ts';
import { nixFile } from '../nix/print.ts';
import { commented } from '../nix/tree.ts';
import { name } from './firewall-rules.ts';
import { rendered } from './marker.ts';

/** `hosts/<hypervisor>/dns.nix`: a forwarder on the gateways. */
export function dnsFile(hypervisor: Hypervisor, networks: readonly Network[]): string {
  const bridges = networks.map((network) => network.bridge).sort();
  const asking = `iifname { ${bridges.map(name).join(', ')} } meta l4proto { tcp, udp } th dport 53 accept\n`;
  return rendered(
    nixFile({
      networking: { firewall: { extraInputRules: asking } },
      services: {
        dnsmasq: {
          enable: true,
          resolveLocalQueries: commented("The hypervisor's own look-ups stay as they are.", false),
          settings: {
            'bind-dynamic': commented('Bridges may come later: it follows them.', true),
            'except-interface': 'lo',
            interface: bridges,
            'no-hosts': true,
            'no-resolv': true,
            server: hypervisor.nameservers,
          },
        },
      },
    }),
  );
}
