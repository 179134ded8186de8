import type { Hypervisor, Vm } from '../model/fleet.ts';
import { dependencyOrder } from '../model/order.ts';
import { nixFile } from '../nix/print.ts';
import { commented, type NixSet } from '../nix/tree.ts';
import { imports, machineOptions, moduleArgs, packageList } from './machine.ts';
import { rendered } from './marker.ts';
import { hypervisorModulePath } from './modules/hypervisor.ts';

/** `hosts/<hypervisor>/default.nix`; `vms` are those on it. */
export function hypervisorFile(
  hypervisor: Hypervisor,
  vms: readonly Vm[],
  hasNetworks: boolean,
): string {
  const running = dependencyOrder(vms).filter((vm) => vm.state === 'running');
  const packages = packageList(hypervisor);
  const own = hasNetworks ? ['networks.nix'] : [];
  return rendered(
    nixFile(
      {
        imports: imports(hypervisor, hypervisorModulePath, ...own),
        ...machineOptions(hypervisor),
        environment: {
          etc: {
            'fleet/autostart': {
              text: commented(
                'In the order in which they start after a reboot.',
                running.map((vm) => `${vm.name}\n`).join(''),
              ),
            },
          },
          ...(packages.length > 0 && { systemPackages: packages }),
        },
        ...sudo(hypervisor),
        ...sharedFolders(vms),
      },
      moduleArgs(hypervisor),
    ),
  );
}

/** Who fleet connects as must become root without a password, also after the first switch. */
function sudo({ ssh }: Hypervisor): NixSet {
  if (ssh.user === undefined || ssh.user === 'root' || ssh.sudo === false) return {};
  const commands = [{ command: 'ALL', options: ['NOPASSWD'] }];
  return {
    security: {
      sudo: {
        extraRules: commented('fleet connects as this user.', [{ commands, users: [ssh.user] }]),
      },
    },
  };
}

/** Without its folder a guest with a share would not start; one that is there stays as it is. */
function sharedFolders(vms: readonly Vm[]): NixSet {
  const sources = new Set(vms.flatMap((vm) => vm.shares.map(({ source }) => source)));
  if (sources.size === 0) return {};
  const folder = { d: { group: ':kvm', mode: ':0775', user: ':microvm' } };
  const settings = Object.fromEntries([...sources].map((source) => [source, folder]));
  return { systemd: { tmpfiles: { settings: { '10-fleet-shares': settings } } } };
}
