import type { Fleet, Hypervisor, Network, Vm } from '../model/fleet.ts';
import { isExporting, isGivenKey, isLookedInto } from '../model/guest-keys.ts';
import { layersModulePath, layersOf, sharedLayers } from '../model/layers.ts';
import { byName } from '../model/names.ts';
import { dnsFile } from './dns.ts';
import { firewallFile, targetsOf } from './firewall.ts';
import { flakeFile, hostsFile } from './flake.ts';
import { guestFile } from './guest.ts';
import { hypervisorFile } from './hypervisor.ts';
import { layerFile } from './layers.ts';
import { configFile, type Machine } from './machine.ts';
import {
  guestModule,
  guestModulePath,
  ownStoreModule,
  ownStoreModulePath,
} from './modules/guest.ts';
import { guestAgentFiles } from './modules/guest-agent.ts';
import {
  guestChecksModule,
  guestChecksModulePath,
  guestExportsModule,
  guestExportsModulePath,
  guestHostKeyModule,
  guestHostKeyModulePath,
} from './modules/guest-checks.ts';
import { hypervisorFiles } from './modules/hypervisor.ts';
import { layersModule } from './modules/layers.ts';
import { watchFiles } from './modules/watch.ts';
import { type Bridge, networksFile } from './networks.ts';
import { hostFolder } from './paths.ts';
import { tailscaleFile } from './tailscale.ts';
import { watchFile } from './watch-policy.ts';

/**
 * Every file that fleet writes into the repository, path → text, sorted by path. A vm's file contains nothing about other
 * vms, so that adding one changes no other's runner.
 */
export function render(fleet: Fleet): Map<string, string> {
  const files: (readonly [string, string])[] = [
    ['flake.nix', flakeFile(fleet)],
    ['hosts/default.nix', hostsFile(fleet)],
    [guestModulePath, guestModule],
    ...hypervisorFiles,
    ...watchFiles,
  ];
  if (fleet.vms.some((vm) => vm.store === 'disk')) files.push([ownStoreModulePath, ownStoreModule]);
  if (fleet.vms.some(isLookedInto)) files.push([guestChecksModulePath, guestChecksModule]);
  if (fleet.vms.some((vm) => isGivenKey(vm) && !isLookedInto(vm)))
    files.push([guestHostKeyModulePath, guestHostKeyModule]);
  if (fleet.vms.some(isExporting)) files.push([guestExportsModulePath, guestExportsModule]);
  if (fleet.vms.some((vm) => vm.agent)) files.push(...guestAgentFiles);
  const shared = sharedLayers(fleet);
  for (const [path, layer] of shared) files.push([path, layerFile(layer, path)]);
  if (shared.size > 0) files.push([layersModulePath, layersModule]);
  const add = (machine: Machine, text: string, own: Pick<Machine, 'config'> = machine): void => {
    const config = configFile(own);
    files.push([`${hostFolder(machine.name)}/default.nix`, text]);
    if (config !== undefined) files.push([`${hostFolder(machine.name)}/config.nix`, config]);
  };

  const networks = new Map(fleet.networks.map((network) => [network.name, network]));
  const networkOf = (name: string) => found(networks, name);
  const vms = Map.groupBy(fleet.vms, (vm) => vm.on);
  const bridges = Map.groupBy(bridgesOf(fleet), ({ network }) => network.hypervisor);

  for (const hypervisor of fleet.hypervisors) {
    const { name } = hypervisor;
    const ownVms = vms.get(name) ?? [];
    const own = networkFiles(hypervisor, bridges.get(name) ?? [], ownVms, networkOf);
    own.set('watch.nix', watchFile(fleet, hypervisor, ownVms, networkOf));
    add(hypervisor, hypervisorFile(hypervisor, ownVms, [...own.keys()], networkOf));
    for (const [file, text] of own) files.push([`${hostFolder(name)}/${file}`, text]);
  }
  for (const vm of fleet.vms) {
    const own = fleet.layers?.vms.get(vm.name)?.own;
    const layers = own && { shared: layersOf(fleet, vm.name, shared), own };
    add(vm, guestFile(vm, networkOf, layers), own);
  }
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The files about networks in a hypervisor's folder. */
function networkFiles(
  hypervisor: Hypervisor,
  bridges: readonly Bridge[],
  vms: readonly Vm[],
  networkOf: (name: string) => Network,
): Map<string, string> {
  const networks = bridges.map(({ network }) => network);
  const { nameservers, tailscale, uplink } = hypervisor;
  const files = new Map<string, string>();
  if (networks.length > 0) {
    const targets = vms.flatMap((vm) => targetsOf(vm, networkOf));
    const advertised = tailscale.enable && tailscale.advertiseRoutes;
    files.set('networks.nix', networksFile(hypervisor, bridges));
    files.set('firewall.nix', firewallFile({ networks, targets, uplink, advertised }));
    if (nameservers.length > 0) files.set('dns.nix', dnsFile(hypervisor, networks));
  }
  if (tailscale.enable) files.set('tailscale.nix', tailscaleFile(hypervisor, networks));
  return files;
}

/** Networks that at least one vm uses, by name, each with its TAPs. */
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
