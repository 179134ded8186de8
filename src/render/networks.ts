import type { Hypervisor, Network } from '../model/fleet.ts';
import { gatewaysOf } from '../model/gateways.ts';
import { nixFile } from '../nix/print.ts';
import { commented, expression, type Nix, type NixSet } from '../nix/tree.ts';
import { rendered } from './marker.ts';

/** A network and the TAPs of its vms, in order. */
export interface Bridge {
  readonly network: Network;
  readonly taps: readonly string[];
}

type Entries = [string, Nix][];

/** `hosts/<hypervisor>/networks.nix`: bridges and the TAPs that join them. */
export function networksFile(hypervisor: Hypervisor, bridges: readonly Bridge[]): string {
  const netdevs: Entries = bridges.map(({ network: { bridge } }) => [
    `10-${bridge}`,
    { netdevConfig: { Kind: 'bridge', Name: bridge } },
  ]);
  const networks: Entries = bridges.flatMap(({ network, taps }) => [
    [`10-${network.bridge}`, bridgeNetwork(network)],
    [`20-${network.bridge}`, tapNetwork(network, taps)],
  ]);
  // modules/hypervisor.nix has br-*.
  const otherNames = bridges.map((b) => b.network.bridge).filter((name) => !name.startsWith('br-'));
  const { tailscale } = hypervisor;
  // tailscale forwards IPv6 wherever it advertises routes.
  const forwards =
    bridges.some(({ network }) => network.ipv6) || (tailscale.enable && tailscale.advertiseRoutes);
  return rendered(
    nixFile(
      {
        ...(forwards && forwardIpv6(hypervisor)),
        ...(otherNames.length > 0 && {
          networking: { dhcpcd: { denyInterfaces: otherNames.sort() } },
        }),
        systemd: {
          network: {
            netdevs: Object.fromEntries(netdevs),
            networks: commented(
              'A bridge has its address before the first guest, and nothing waits for its carrier.',
              Object.fromEntries(networks),
            ),
          },
        },
      },
      forwards ? (hypervisor.uplink === undefined ? ['lib'] : ['config', 'lib']) : [],
    ),
  );
}

/**
 * The kernel of a router heeds no router advertisements and forgets the default route that came with
 * one, unless it is told otherwise before: 50 comes before NixOS' own file, 60.
 */
function forwardIpv6({ uplink }: Hypervisor): NixSet {
  const heed = {
    // networkd sees to advertisements itself.
    enable: expression('!config.networking.useNetworkd'),
    text: `-net/ipv6/conf/${uplink}/accept_ra = 2\n`,
  };
  return {
    boot: {
      kernel: { sysctl: { 'net.ipv6.conf.all.forwarding': expression('lib.mkDefault true') } },
    },
    ...(uplink !== undefined && {
      environment: {
        etc: {
          'sysctl.d/50-fleet.conf': commented('The uplink keeps its IPv6 default route.', heed),
        },
      },
    }),
  };
}

function bridgeNetwork(network: Network): Nix {
  const { bridge, ipv6 } = network;
  return {
    address: gatewaysOf(network),
    linkConfig: { RequiredForOnline: 'no' },
    matchConfig: { Name: bridge },
    networkConfig: {
      ConfigureWithoutCarrier: true,
      // No router advertisements from guests; without IPv6 nothing of it at all.
      ...(ipv6 && { IPv6AcceptRA: false }),
      LinkLocalAddressing: ipv6 ? 'ipv6' : 'no',
    },
  };
}

function tapNetwork({ bridge }: Network, taps: readonly string[]): Nix {
  return {
    linkConfig: { RequiredForOnline: 'no' },
    matchConfig: { Name: taps },
    networkConfig: { Bridge: bridge },
  };
}
