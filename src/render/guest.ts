import type { Network, Nic, Share, Vm, Volume } from '../model/fleet.ts';
import { isLookedInto } from '../model/guest-keys.ts';
import { wayOut } from '../model/way-out.ts';
import { nixFile } from '../nix/print.ts';
import type { Nix } from '../nix/tree.ts';
import { imports, machineOptions, moduleArgs, packageList } from './machine.ts';
import { rendered } from './marker.ts';
import { guestModulePath, ownStoreModulePath } from './modules/guest.ts';
import { guestChecksModulePath } from './modules/guest-checks.ts';

/** `hosts/<vm>/default.nix`. */
export function guestFile(vm: Vm, networkOf: (name: string) => Network): string {
  const packages = packageList(vm);
  // NixOS makes homes before it mounts what is not needed for that, which would hide them.
  const homes = [...vm.volumes, ...vm.shares].map(({ mount }) => mount).filter(isOfHomes);
  const out = wayOut(vm.nics, networkOf);
  const networks = vm.nics.map((nic, position) => {
    const network = networkOf(nic.network);
    const { address6 } = nic;
    const { gateway, ipv6, prefix, subnet } = network;
    const families: Family[] = [
      { address: nic.address, gateway, prefix, subnet, isWayOut: nic === out.ipv4 },
      ...(address6 && ipv6 ? [{ ...ipv6, address: address6, isWayOut: nic === out.ipv6 }] : []),
    ];
    return [
      `10-${nic.network}`,
      nicNetwork(nic, families, {
        // Whoever answers there: a change of that is none of the guest.
        ...(nic === out.ipv4 && { nameserver: gateway }),
        table: firstTable + position,
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
        ...(homes.length > 0 && {
          fileSystems: Object.fromEntries(homes.map((mount) => [mount, { neededForBoot: true }])),
        }),
        systemd: { network: { networks: Object.fromEntries(networks) } },
      },
      moduleArgs(vm),
    ),
  );
}

const isOfHomes = (mount: string): boolean => /^\/home(\/|$)/.test(mount);

const modules = (vm: Vm): string[] => [
  vm.store === 'disk' ? ownStoreModulePath : guestModulePath,
  ...(isLookedInto(vm) ? [guestChecksModulePath] : []),
];

/** A NIC in IPv4 or IPv6. */
interface Family {
  readonly address: string;
  readonly gateway: string;
  readonly prefix: number;
  readonly subnet: string;
  /** The vm's default route of this family goes through this NIC. */
  readonly isWayOut: boolean;
}

interface Beyond {
  readonly nameserver?: string;
  readonly table: number;
}

/** Routing tables of NICs count from here; those of the kernel are 253 to 255. */
const firstTable = 100;

function nicNetwork(nic: Nic, families: readonly Family[], { nameserver, table }: Beyond): Nix {
  const gateways = families.filter((one) => one.isWayOut).map(({ gateway }) => gateway);
  const others = families.filter((one) => !one.isWayOut);
  return {
    address: families.map(({ address, prefix }) => `${address}/${prefix}`),
    ...(gateways.length > 0 && { gateway: gateways }),
    ...(nameserver !== undefined && { dns: [nameserver] }),
    matchConfig: { MACAddress: nic.mac },
    // Nobody on the bridge is entitled to send any.
    networkConfig: { IPv6AcceptRA: false },
    // Answers leave by the NIC that was asked: by another, the reverse path filters of guest and
    // hypervisor drop them. Neighbours are told directly.
    ...(others.length > 0 && {
      routes: others.flatMap(({ gateway, subnet }) => [
        { Destination: subnet, Table: table },
        { Gateway: gateway, Table: table },
      ]),
      routingPolicyRules: others.map(({ address }) => ({ From: address, Table: table })),
    }),
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
