import type { Hypervisor, Network, Vm } from '../model/fleet.ts';
import { dependencyOrder } from '../model/order.ts';
import { nixFile } from '../nix/print.ts';
import { commented, expression, type NixSet } from '../nix/tree.ts';
import { imports, machineOptions, moduleArgs, packageList } from './machine.ts';
import { rendered } from './marker.ts';
import { hypervisorModulePath } from './modules/hypervisor.ts';

/** `hosts/<hypervisor>/default.nix`; `vms` are those on it, `own` its other rendered files. */
export function hypervisorFile(
  hypervisor: Hypervisor,
  vms: readonly Vm[],
  own: readonly string[],
  networkOf: (name: string) => Network,
): string {
  const starting = dependencyOrder(vms).filter((vm) => vm.autostart !== 'never');
  const here = new Set(vms.map(({ name }) => name));
  const packages = [...packageList(hypervisor), ...(hypervisor.cli ? [fleetItself] : [])];
  return rendered(
    nixFile(
      {
        imports: imports(hypervisor, [hypervisorModulePath], ...own),
        ...machineOptions(hypervisor),
        environment: {
          etc: {
            'fleet/autostart': {
              text: commented(
                'In the order in which they start: name, when, address, TAPs and bridges, needs.',
                starting.map((vm) => autostartLine(vm, here, networkOf)).join(''),
              ),
            },
          },
          ...(packages.length > 0 && { systemPackages: packages }),
        },
        ...sudo(hypervisor),
        ...sharedFolders(vms),
      },
      hypervisor.cli
        ? [...new Set([...moduleArgs(hypervisor), 'inputs', 'pkgs'])].sort()
        : moduleArgs(hypervisor),
    ),
  );
}

/** An input of that name has to be there: config/rules/inputs. */
const fleetItself = expression('inputs.fleet.packages.${pkgs.stdenv.hostPlatform.system}.default');

/** As modules/autostart.sh reads it; `here` are the vms of this hypervisor. */
function autostartLine(
  vm: Vm,
  here: ReadonlySet<string>,
  networkOf: (name: string) => Network,
): string {
  const nics = vm.nics.map(({ network, tap }) => `${tap}=${networkOf(network).bridge}`).join(',');
  const needs = vm.dependsOn.filter((name) => here.has(name)).sort();
  const words = [vm.name, vm.autostart, vm.nics[0]?.address, nics, needs.join(',') || '-'];
  return `${words.join(' ')}\n`;
}

/** The user that fleet connects as has to become root without a password, also after the first switch. */
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

/** Creates the folders of shares, without which a guest would not start. An existing folder stays as it is. */
function sharedFolders(vms: readonly Vm[]): NixSet {
  // Not in /run: other programs create paths there, often as links, and a folder in that place would be in their way.
  const sources = new Set(
    vms
      .flatMap((vm) => vm.shares.map(({ source }) => source))
      .filter((s) => !s.startsWith('/run/')),
  );
  if (sources.size === 0) return {};
  const folder = { d: { group: ':kvm', mode: ':0775', user: ':microvm' } };
  const settings = Object.fromEntries([...sources].map((source) => [source, folder]));
  return { systemd: { tmpfiles: { settings: { '10-fleet-shares': settings } } } };
}
