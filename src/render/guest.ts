import type { Network, Nic, Share, Vm, Volume } from '../model/fleet.ts';
import { isLookedInto } from '../model/guest-keys.ts';
import { nixFile } from '../nix/print.ts';
import type { Nix } from '../nix/tree.ts';
import { imports, machineOptions, moduleArgs, packageList } from './machine.ts';
import { rendered } from './marker.ts';
import { guestModulePath, ownStoreModulePath } from './modules/guest.ts';
import { guestChecksModulePath } from './modules/guest-checks.ts';

/** `hosts/<vm>/default.nix`. */
export function guestFile(
  vm: Vm,
  nameservers: readonly string[],
  networkOf: (name: string) => Network,
): string {
  const packages = packageList(vm);
  const networks = vm.nics.map((nic, n) => [
    `10-${nic.network}`,
    // The first way out is the default route; a second one would compete with it.
    nicNetwork(nic, networkOf(nic.network), n === 0 ? nameservers : undefined),
  ]);
  return rendered(
    nixFile(
      {
        imports: imports(vm, modules(vm)),
        ...machineOptions(vm),
        ...(packages.length > 0 && { environment: { systemPackages: packages } }),
        microvm: {
          ...(vm.balloon && { balloon: true }),
          ...(vm.credentials.length > 0 && { credentialFiles: credentialFiles(vm) }),
          hypervisor: vm.hypervisor,
          interfaces: vm.nics.map(({ mac, tap }) => ({ id: tap, mac, type: 'tap' })),
          mem: vm.memoryMiB,
          ...(vm.shares.length > 0 && { shares: vm.shares.map(share) }),
          vcpu: vm.vcpu,
          ...(vm.volumes.length > 0 && { volumes: vm.volumes.map(volume) }),
          ...(vm.vsock !== undefined && { vsock: { cid: vm.vsock, ssh: { enable: true } } }),
        },
        systemd: { network: { networks: Object.fromEntries(networks) } },
      },
      moduleArgs(vm),
    ),
  );
}

const modules = (vm: Vm): string[] => [
  vm.store === 'disk' ? ownStoreModulePath : guestModulePath,
  ...(isLookedInto(vm) ? [guestChecksModulePath] : []),
];

function nicNetwork(nic: Nic, network: Network, nameservers: readonly string[] | undefined): Nix {
  return {
    address: [`${nic.address}/${network.prefix}`],
    ...(nameservers !== undefined && { gateway: [network.gateway] }),
    ...(nameservers !== undefined && nameservers.length > 0 && { dns: nameservers }),
    matchConfig: { MACAddress: nic.mac },
    // Nobody on the bridge is entitled to send any.
    networkConfig: { IPv6AcceptRA: false },
  };
}

/** Volumes stay in the order given: an unlabelled one is found by its position. */
function volume({ fs, image, label, mount, sizeMiB }: Volume): Nix {
  return { fsType: fs, image, label, mountPoint: mount, size: sizeMiB };
}

function share({ mount, readOnly, source, tag }: Share): Nix {
  return { mountPoint: mount, proto: 'virtiofs', readOnly, source, tag };
}

/** Paths as text: as Nix paths they would be copied into the store, where everybody can read them. */
const credentialFiles = ({ credentials }: Vm): Nix =>
  Object.fromEntries(credentials.map(({ name, path }) => [name, path]));
