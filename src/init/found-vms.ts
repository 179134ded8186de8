import type { FoundVm, FoundVolume, Runners } from '../host/answers/runners.ts';
import { parseAddress, parseSubnet } from '../model/addresses.ts';
import { formatAddress6, hostAddress6, parseAddress6, parseSubnet6 } from '../model/addresses6.ts';
import type { Facts } from '../model/facts.ts';
import { imageName, labelCommand, volumeLabel } from '../model/volumes.ts';
import { addressOn, bridgeOf, type FoundBridge } from './found-networks.ts';
import type { Fields } from './text.ts';

/** What is written of a vm, and what a person has to know or to decide before it is fleet's. */
export interface Entry {
  readonly name: string;
  readonly fields: Fields;
  readonly remarks: readonly string[];
}

/** A vm that fleet did not make, as a vm of fleet's. */
export function vmEntry(
  hypervisor: string,
  vm: FoundVm,
  facts: Facts,
  runners: Runners,
  bridges: readonly FoundBridge[],
): Entry {
  const remarks: string[] = [];
  const seen = facts.vms.get(vm.name);
  const running = seen?.unit.active === 'active';
  const given6: string[] = [];
  remarks.push(
    vm.flake === undefined
      ? 'The hypervisor’s own configuration declares it (microvm.vms), and the first apply replaces that: it runs and starts as before, but can no longer be rebuilt. DECIDE what of its Nix becomes packages, config or modules here.'
      : `${vm.flake}#nixosConfigurations.${vm.name} says what is in it: DECIDE what of that becomes packages, config or modules here.`,
  );
  if (vm.macvtap) remarks.push('DECIDE: it has a macvtap interface, which fleet does not make.');
  for (const nic of vm.otherNics) {
    remarks.push(
      `DECIDE: it has an interface of type ${nic}, which fleet does not make: a network of fleet’s with publish, or microvm.interfaces in a module.`,
    );
  }
  for (const disk of vm.disks) {
    remarks.push(
      `DECIDE: it has the disk ${disk}, which its runner does not make: microvm.volumes in a module.`,
    );
  }
  const nics = vm.nics.flatMap((nic) => {
    const name = bridgeOf(nic.tap, runners);
    const bridge = bridges.find((b) => b.bridge === name);
    if (!bridge?.fields) {
      const where = name === undefined ? 'no bridge' : `${name}, which is no network here`;
      remarks.push(`DECIDE: its ${nic.tap} is in ${where}.`);
      return [];
    }
    const found = addressOn(bridge, vm, nic, runners);
    if (!found) remarks.push(`DECIDE: its address on ${bridge.network} is unknown.`);
    else if (!found.own) {
      remarks.push(
        `DECIDE: ${found.address} comes from the neighbour table and may be a DHCP lease.`,
      );
    }
    if (found) given6.push(...address6(bridge, found.address));
    return [{ name: bridge.network, ...(found && { address: found.address }) }];
  });
  remarks.push(...ipv6Remarks(vm, given6));
  if (vm.memoryMiB === undefined) remarks.push('DECIDE: its vcpu and memory could not be read.');
  for (const volume of vm.volumes) remarks.push(...volumeRemarks(vm.name, volume));
  const volumes = vm.volumes.filter(({ mount }) => mount !== undefined);
  const shares = vm.shares.filter(({ mount }) => mount !== undefined);
  if (shares.length < vm.shares.length) {
    const unknown = vm.shares.filter((share) => !shares.includes(share));
    remarks.push(
      `DECIDE: where ${unknown.map(({ source }) => source).join(', ')} is mounted could not be read.`,
    );
  }
  const [nic] = nics;
  return {
    name: vm.name,
    remarks,
    fields: {
      on: hypervisor,
      ...(nics.length === 1 && nic
        ? { network: nic.name, ...('address' in nic && { address: nic.address }) }
        : nics.length > 1 && { networks: nics }),
      ...(vm.vcpu !== undefined && { vcpu: vm.vcpu }),
      ...(vm.memoryMiB !== undefined && { memory: size(vm.memoryMiB) }),
      ...(vm.hypervisor !== undefined && vm.hypervisor !== 'qemu' && { hypervisor: vm.hypervisor }),
      ...(vm.vsock !== undefined && { vsock: vm.vsock }),
      ...(!running && { state: 'stopped' }),
      ...(running && !runners.autostart.has(vm.name) && { autostart: 'never' }),
      ...(volumes.length > 0 && { volumes: volumes.map(volumeFields) }),
      ...(shares.length > 0 && {
        shares: shares.map(({ readOnly, ...share }) => ({
          ...share,
          ...(readOnly && { readOnly }),
        })),
      }),
    },
  };
}

/** What fleet gives a vm that has this IPv4 address: the same number in the network's IPv6 subnet. */
function address6({ fields }: FoundBridge, address: string): string[] {
  const subnet = parseSubnet(String(fields?.subnet));
  const subnet6 = parseSubnet6(String(fields?.subnet6));
  if (!subnet || !subnet6) return [];
  return [formatAddress6(hostAddress6(subnet6, parseAddress(address)! - subnet.base))];
}

function ipv6Remarks({ addresses }: FoundVm, given6: readonly string[]): string[] {
  const kept = new Set(given6.map(parseAddress6));
  const lost = addresses
    .map((address) => address.replace(/\/.*/, ''))
    .filter((address) => address.includes(':') && !address.startsWith('fe80:'))
    .filter((address) => !kept.has(parseAddress6(address)));
  if (lost.length === 0) return [];
  const instead = given6.length > 0 ? `, and will have ${given6.join(', ')} as fleet’s` : '';
  return [`DECIDE: it configures ${lost.join(', ')} by itself${instead}.`];
}

function volumeFields({ mount = '', sizeMiB, image, fs }: FoundVolume): Fields {
  return {
    mount,
    size: size(sizeMiB),
    ...(image !== imageName(mount) && { image }),
    ...(fs !== 'ext4' && { fs }),
  };
}

/** What fleet's guest would not find, or would do otherwise, of a volume. */
function volumeRemarks(vm: string, volume: FoundVolume): string[] {
  const { image, mount, readOnly } = volume;
  return [
    ...(readOnly ? [`DECIDE: ${image} is read-only for it; fleet’s volumes are writable.`] : []),
    ...(image.startsWith('/')
      ? [
          `DECIDE: before it can be fleet’s, ${image} has to move to ${ownPath(vm, image)}, with the vm stopped, and image says its name there; or it stays, as microvm.volumes in a module.`,
        ]
      : []),
    ...(mount === undefined
      ? [`DECIDE: where ${image} is mounted could not be read.`]
      : labelRemarks(vm, volume, mount)),
  ];
}

/** Where fleet has an image. */
const ownPath = (vm: string, image: string): string =>
  `/var/lib/microvms/${vm}/${image.replace(/.*\//, '')}`;

/** Guests of fleet mount volumes by label; an image that is missing is made with it. */
function labelRemarks(vm: string, volume: FoundVolume, mount: string): string[] {
  const { image, label, fs, isThere } = volume;
  const isElsewhere = image.startsWith('/');
  const wanted = volumeLabel(mount, fs);
  if (label === wanted || !(isThere || isElsewhere)) return [];
  const command = labelCommand(fs, ownPath(vm, image), wanted);
  if (command === undefined)
    return [`DECIDE: ${image} has the file system ${fs}, which fleet does not support.`];
  const has = isElsewhere ? 'may have another' : label ? `has the label ${label}` : 'has none';
  return [
    `DECIDE: fleet’s guest looks for the label ${wanted}, and ${image} ${has}. Take the vm out of microvm.autostart, which starts it at every switch, stop it, then on the hypervisor: ${command}`,
  ];
}

const size = (mib: number): string => (mib % 1024 === 0 ? `${mib / 1024}GiB` : `${mib}MiB`);
