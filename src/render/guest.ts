import type { Hypervisor, Network, Nic, Share, Vm, Volume } from '../model/fleet.ts';
import { isLookedInto } from '../model/guest-keys.ts';
import { wayOut } from '../model/way-out.ts';
import { nixFile } from '../nix/print.ts';
import type { Nix } from '../nix/tree.ts';
import { imports, machineOptions, moduleArgs, packageList } from './machine.ts';
import { rendered } from './marker.ts';
import { guestModulePath, ownStoreModulePath } from './modules/guest.ts';
import { guestChecksModulePath } from './modules/guest-checks.ts';

/** `hosts/<vm>/default.nix`. */
export function guestFile(
  vm: Vm,
  hypervisor: Hypervisor,
  networkOf: (name: string) => Network,
): string {
  const packages = packageList(vm);
  const out = wayOut(vm.nics, networkOf);
  const networks = vm.nics.map((nic) => {
    const network = networkOf(nic.network);
    const { gateway, ipv6 } = network;
    const nameservers = hypervisor.forwarder ? [gateway] : hypervisor.nameservers;
    return [
      `10-${nic.network}`,
      nicNetwork(nic, network, {
        gateways: [
          ...(nic === out.ipv4 ? [gateway] : []),
          ...(nic === out.ipv6 && ipv6 ? [ipv6.gateway] : []),
        ],
        nameservers: nic === out.ipv4 ? nameservers : [],
      }),
    ];
  });
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

interface Beyond {
  readonly gateways: readonly string[];
  readonly nameservers: readonly string[];
}

function nicNetwork(nic: Nic, network: Network, { gateways, nameservers }: Beyond): Nix {
  const { address6 } = nic;
  return {
    address: [
      `${nic.address}/${network.prefix}`,
      ...(address6 && network.ipv6 ? [`${address6}/${network.ipv6.prefix}`] : []),
    ],
    ...(gateways.length > 0 && { gateway: gateways }),
    ...(nameservers.length > 0 && { dns: nameservers }),
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
