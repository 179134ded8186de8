import type { Layer, Network, Nic, Vm } from '../model/fleet.ts';
import { isExporting, isGivenKey, isLookedInto } from '../model/guest-keys.ts';
import { layersModulePath } from '../model/layers.ts';
import { wayOut } from '../model/way-out.ts';
import { nixFile } from '../nix/print.ts';
import { expression, type Nix, type NixSet } from '../nix/tree.ts';
import { layerOptions, layerWords } from './layers.ts';
import { imports, moduleArgs, packageList, unsaidZone } from './machine.ts';
import { rendered } from './marker.ts';
import { guestModulePath, ownStoreModulePath } from './modules/guest.ts';
import { guestAgentModulePath } from './modules/guest-agent.ts';
import {
  guestChecksModulePath,
  guestExportsModulePath,
  guestHostKeyModulePath,
} from './modules/guest-checks.ts';
import { hostFolder, pathFrom } from './paths.ts';

/** The layers of a vm: shared files, and its own part. */
export interface GuestLayers {
  readonly shared: readonly string[];
  readonly own: Layer;
}

/**
 * `hosts/<vm>/default.nix`.
 * @param layers absent: the file contains everything
 */
export function guestFile(
  vm: Vm,
  networkOf: (name: string) => Network,
  layers?: GuestLayers,
): string {
  const at = `${hostFolder(vm.name)}/default.nix`;
  const own = layers?.own ?? vm;
  const { microvm, ...options } = layerOptions(own);
  const packages = packageList(vm);
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
        // Always the gateway, so that a change of the name server changes no guest.
        ...(nic === out.ipv4 && { nameserver: gateway }),
        table: firstTable + position,
      }),
    ];
  });
  const body: NixSet = {
    ...options,
    ...(!layers && vm.timezone === undefined && { time: { timeZone: unsaidZone } }),
    networking: { hostName: vm.name },
    microvm: {
      ...microvm,
      ...(vm.balloon && { balloon: true }),
      interfaces: vm.nics.map(({ mac, tap }) => ({ id: tap, mac, type: 'tap' })),
      ...(vm.vsock !== undefined && { vsock: { cid: vm.vsock, ssh: { enable: true } } }),
    },
    systemd: { network: { networks: Object.fromEntries(networks) } },
  };
  if (layers) {
    const hasConfig = Object.keys(own.config).length > 0;
    return rendered(
      nixFile(
        {
          ...body,
          ...layerWords(own, at),
          ...(hasConfig && { config: expression('import ./config.nix') }),
          imports: modules(vm).map((file) => pathFrom(at, file)),
          layers: layers.shared.map((file) => pathFrom(at, file)),
        },
        ['pkgs'],
        expression(`import ${pathFrom(at, layersModulePath).text} args`),
      ),
    );
  }
  return rendered(
    nixFile(
      {
        ...body,
        imports: imports(vm, modules(vm)),
        ...(packages.length > 0 && { environment: { systemPackages: packages } }),
      },
      moduleArgs(vm),
    ),
  );
}

const modules = (vm: Vm): string[] => [
  vm.store === 'disk' ? ownStoreModulePath : guestModulePath,
  ...keyModules(vm),
  ...(isExporting(vm) ? [guestExportsModulePath] : []),
  ...(vm.agent ? [guestAgentModulePath] : []),
];

const keyModules = (vm: Vm): string[] => {
  if (isLookedInto(vm)) return [guestChecksModulePath];
  return isGivenKey(vm) ? [guestHostKeyModulePath] : [];
};

/** A NIC, for IPv4 or IPv6. */
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

/** The first routing table of NICs; the kernel's own are 253 to 255. */
const firstTable = 100;

function nicNetwork(nic: Nic, families: readonly Family[], { nameserver, table }: Beyond): Nix {
  const gateways = families.filter((one) => one.isWayOut).map(({ gateway }) => gateway);
  const others = families.filter((one) => !one.isWayOut);
  return {
    address: families.map(({ address, prefix }) => `${address}/${prefix}`),
    ...(gateways.length > 0 && { gateway: gateways }),
    ...(nameserver !== undefined && { dns: [nameserver] }),
    matchConfig: { MACAddress: nic.mac },
    // Nobody on the bridge may send any.
    networkConfig: { IPv6AcceptRA: false },
    // Replies leave by the NIC that the request came in on: by another, the reverse path filters of guest and hypervisor
    // would drop them. Neighbours are reached directly.
    ...(others.length > 0 && {
      routes: others.flatMap(({ gateway, subnet }) => [
        { Destination: subnet, Table: table },
        { Gateway: gateway, Table: table },
      ]),
      routingPolicyRules: others.map(({ address }) => ({ From: address, Table: table })),
    }),
  };
}
