import type { Hypervisor, Vm } from '../model/fleet.ts';
import { dependencyOrder } from '../model/order.ts';
import { nixFile } from '../nix/print.ts';
import { commented, type NixSet } from '../nix/tree.ts';
import { imports, machineOptions, moduleArgs, packageList } from './machine.ts';
import { rendered } from './marker.ts';
import { hypervisorModulePath } from './modules/hypervisor.ts';

/** `hosts/<hypervisor>/default.nix`; `vms` are those on it, `own` its other rendered files. */
export function hypervisorFile(
  hypervisor: Hypervisor,
  vms: readonly Vm[],
  own: readonly string[],
): string {
  const running = dependencyOrder(vms).filter((vm) => vm.state === 'running');
  const packages = packageList(hypervisor);
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
