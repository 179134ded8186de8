import type { Hypervisor, Network } from '../model/fleet.ts';
import { nixFile } from '../nix/print.ts';
import { commented, type Nix } from '../nix/tree.ts';
import { rendered } from './marker.ts';

/** A network and the TAPs of its vms, in order. */
export interface Bridge {
  readonly network: Network;
  readonly taps: readonly string[];
}

type Entries = [string, Nix][];

/** `hosts/<hypervisor>/networks.nix`: bridges, the TAPs that join them, and the way out. */
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
  const nat = natTable(hypervisor, bridges);
  return rendered(
    nixFile({
      ...((otherNames.length > 0 || nat !== undefined) && {
        networking: {
          ...(otherNames.length > 0 && { dhcpcd: { denyInterfaces: otherNames.sort() } }),
          ...(nat !== undefined && { nftables: { tables: { fleet: nat } } }),
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
    }),
  );
}

function bridgeNetwork({ bridge, gateway, prefix }: Network): Nix {
  return {
    address: [`${gateway}/${prefix}`],
    linkConfig: { RequiredForOnline: 'no' },
    matchConfig: { Name: bridge },
    networkConfig: {
      ConfigureWithoutCarrier: true,
      // IPv4 only, and no router advertisements from guests.
      LinkLocalAddressing: 'no',
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

/** A table of fleet's own: the reload of this one leaves those of others alone. */
function natTable(hypervisor: Hypervisor, bridges: readonly Bridge[]): Nix | undefined {
  const subnets = bridges.filter((b) => b.network.nat).map((b) => b.network.subnet);
  if (subnets.length === 0) return undefined;
  const { name, uplink } = hypervisor;
  if (uplink === undefined) throw new Error(`hypervisor ${name} has nat but no uplink`);
  const rules = subnets.map((s) => `  ip saddr ${s} oifname "${uplink}" masquerade\n`);
  return {
    content: `chain postrouting {\n  type nat hook postrouting priority srcnat;\n${rules.join('')}}\n`,
    family: 'ip',
  };
}
