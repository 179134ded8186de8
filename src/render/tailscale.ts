import type { Hypervisor, Network } from '../model/fleet.ts';
import { nixFile } from '../nix/print.ts';
import { commented, expression } from '../nix/tree.ts';
import { rendered } from './marker.ts';

/** `hosts/<hypervisor>/tailscale.nix`. */
export function tailscaleFile(hypervisor: Hypervisor, networks: readonly Network[]): string {
  const subnets = hypervisor.tailscale.advertiseRoutes
    ? networks.flatMap(({ subnet, ipv6 }) => (ipv6 ? [subnet, ipv6.subnet] : [subnet]))
    : [];
  // Also if there are none, because tailscale remembers its last setting.
  const flags = [`--advertise-routes=${subnets.join(',')}`];
  const file = {
    services: {
      tailscale: {
        enable: true,
        extraSetFlags: flags,
        extraUpFlags: flags,
        ...(subnets.length > 0 && {
          useRoutingFeatures: expression('lib.mkDefault "server"'),
        }),
      },
    },
    systemd: {
      services: {
        'tailscaled-set': commented(
          'It may fail until somebody has logged in, which is no fault of a deployment.',
          {
            serviceConfig: { Restart: 'on-failure', RestartSec: 30 },
            startLimitIntervalSec: 0,
          },
        ),
      },
    },
  };
  return rendered(nixFile(file, subnets.length > 0 ? ['lib'] : []));
}
