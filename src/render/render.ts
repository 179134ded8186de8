import type { Fleet } from '../model/fleet.ts';
import { isLookedInto } from '../model/guest-keys.ts';
import { byName } from '../model/names.ts';
import { flakeFile, hostsFile } from './flake.ts';
import { guestFile } from './guest.ts';
import { hypervisorFile } from './hypervisor.ts';
import { configFile, type Machine } from './machine.ts';
import {
  guestModule,
  guestModulePath,
  ownStoreModule,
  ownStoreModulePath,
} from './modules/guest.ts';
import { guestChecksModule, guestChecksModulePath } from './modules/guest-checks.ts';
import { hypervisorModule, hypervisorModulePath } from './modules/hypervisor.ts';
import { type Bridge, networksFile } from './networks.ts';
import { hostFolder } from './paths.ts';

/**
 * Every file that fleet writes into the repository, path → text, sorted by path. A vm's file holds
 * nothing of any other vm, so that adding one changes no other's runner.
 */
export function render(fleet: Fleet): Map<string, string> {
  const files: [string, string][] = [
    ['flake.nix', flakeFile(fleet)],
    ['hosts/default.nix', hostsFile(fleet)],
    [guestModulePath, guestModule],
    [hypervisorModulePath, hypervisorModule],
  ];
  if (fleet.vms.some((vm) => vm.store === 'disk')) files.push([ownStoreModulePath, ownStoreModule]);
  if (fleet.vms.some(isLookedInto)) files.push([guestChecksModulePath, guestChecksModule]);
  const add = (machine: Machine, text: string): void => {
    const config = configFile(machine);
    files.push([`${hostFolder(machine.name)}/default.nix`, text]);
    if (config !== undefined) files.push([`${hostFolder(machine.name)}/config.nix`, config]);
  };

  const networks = new Map(fleet.networks.map((network) => [network.name, network]));
  const hypervisors = new Map(fleet.hypervisors.map((hypervisor) => [hypervisor.name, hypervisor]));
  const vms = Map.groupBy(fleet.vms, (vm) => vm.on);
  const bridgeOf = (name: string) => found(networks, name).bridge;
  const bridges = Map.groupBy(bridgesOf(fleet), ({ network }) => network.hypervisor);

  for (const hypervisor of fleet.hypervisors) {
    const own = bridges.get(hypervisor.name) ?? [];
    add(
      hypervisor,
      hypervisorFile(hypervisor, vms.get(hypervisor.name) ?? [], own.length > 0, bridgeOf),
    );
    if (own.length > 0) {
      files.push([`${hostFolder(hypervisor.name)}/networks.nix`, networksFile(hypervisor, own)]);
    }
  }
  for (const vm of fleet.vms) {
    const nameservers = found(hypervisors, vm.on).nameservers;
    add(
      vm,
      guestFile(vm, nameservers, (name) => found(networks, name)),
    );
  }
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Networks that some vm uses, by name, each with its TAPs. */
function bridgesOf(fleet: Fleet): Bridge[] {
  const taps = Map.groupBy(
    fleet.vms.flatMap((vm) => vm.nics),
    (nic) => nic.network,
  );
  return [...fleet.networks]
    .sort(byName)
    .filter((network) => network.hypervisor !== undefined && taps.has(network.name))
    .map((network) => ({
      network,
      taps: (taps.get(network.name) ?? []).map((nic) => nic.tap).sort(),
    }));
}

function found<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new Error(`${name} is named in the fleet but not part of it`);
  return value;
}
