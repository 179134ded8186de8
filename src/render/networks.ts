import type { Hypervisor, Network } from '../model/fleet.ts';
import { gatewaysOf } from '../model/gateways.ts';
import { heedRouters } from '../model/heed-routers.ts';
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
  const names = bridges.map(({ network }) => network.bridge).sort();
  const { tailscale } = hypervisor;
  // tailscale forwards IPv6 wherever it advertises routes.
  const forwards =
    bridges.some(({ network }) => network.ipv6) || (tailscale.enable && tailscale.advertiseRoutes);
  return rendered(
    nixFile(
      {
        ...(forwards && forwardIpv6(names)),
        ...(names.length > 0 && {
          networking: {
            dhcpcd: { denyInterfaces: names },
            networkmanager: { unmanaged: names.map((name) => `interface-name:${name}`) },
          },
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
      forwards ? ['config', 'lib'] : [],
    ),
  );
}

/**
 * With forwarding on, the kernel ignores router advertisements and drops the default route that it got from one, unless
 * accept_ra is set to 2 before. This file is number 50, so it is read before NixOS' own file, 60.
 */
const forwardIpv6 = (bridges: readonly string[]): NixSet => ({
  boot: {
    kernel: { sysctl: { 'net.ipv6.conf.all.forwarding': expression('lib.mkDefault true') } },
  },
  environment: {
    etc: {
      'sysctl.d/50-fleet.conf': commented('IPv6 default routes stay, as advertised.', {
        // Not where networkd handles advertisements itself, nor where they are ignored on purpose.
        enable: expression(
          '!config.networking.useNetworkd && !(builtins.elem (config.boot.kernel.sysctl."net.ipv6.conf.default.accept_ra" or 1) [ 0 "0" false ])',
        ),
        text: heedRouters(bridges),
      }),
    },
  },
});

function bridgeNetwork(network: Network): Nix {
  const { bridge, ipv6 } = network;
  return {
    address: gatewaysOf(network),
    linkConfig: { RequiredForOnline: 'no' },
    matchConfig: { Name: bridge },
    networkConfig: {
      ConfigureWithoutCarrier: true,
      // No router advertisements from guests. Without subnet6, no IPv6 at all.
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
