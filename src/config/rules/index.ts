import type { Finding } from '../finding.ts';
import type { Draft } from '../normalise.ts';
import { addresses, vmHasNetwork } from './addresses.ts';
import { alerts } from './alerts.ts';
import { startedOnce } from './autostart.ts';
import { capacity } from './capacity.ts';
import { closedPorts } from './closed-ports.ts';
import { configSizes, configs } from './config.ts';
import { dependencies, dependencyCycles } from './dependencies.ts';
import { distinctExports, exportPlaces, exportPorts, exportTexts } from './exports.ts';
import { credentialNames, memory } from './guests.ts';
import { nameServers, outsideOfNetworks, sshTargets } from './hypervisors.ts';
import { inputs } from './inputs.ts';
import { modules } from './modules.ts';
import { bridgeNames, interfaces, macAddresses, profileFiles, uniqueNames } from './names.ts';
import {
  allowedNetworks,
  natNeedsUplink,
  networkOnOneHypervisor,
  overlappingSubnets,
  wayOutLetsOut,
} from './networks.ts';
import { takenOptions } from './options.ts';
import { portNumbers, publishedPorts } from './ports.ts';
import { recovery } from './recovery.ts';
import { references } from './references.ts';
import { canary } from './rollout.ts';
import {
  checkoutPlaces,
  credentialFiles,
  distinctShares,
  harmlessShares,
  separateShares,
  sharedCheckouts,
} from './shares.ts';
import { subnets, subnets6 } from './subnets.ts';
import { advertisedSubnets, advertisingIsEnabled, besideTailscale } from './tailscale.ts';
import { lastingUids, normalUsers, sshKeys } from './users.ts';
import { able, distinctCids, stoppable } from './vmm.ts';
import { distinctVolumes, harmlessVolumes, imageNames, largeEnoughVolumes } from './volumes.ts';

/** The rules beyond the schema. Each is about one thing and does not depend on the others. */
export const rules: readonly ((draft: Draft) => Iterable<Finding>)[] = [
  references,
  canary,
  uniqueNames,
  profileFiles,
  bridgeNames,
  interfaces,
  macAddresses,
  subnets,
  subnets6,
  overlappingSubnets,
  networkOnOneHypervisor,
  natNeedsUplink,
  allowedNetworks,
  wayOutLetsOut,
  advertisedSubnets,
  advertisingIsEnabled,
  besideTailscale,
  portNumbers,
  publishedPorts,
  closedPorts,
  vmHasNetwork,
  addresses,
  memory,
  distinctVolumes,
  harmlessVolumes,
  imageNames,
  largeEnoughVolumes,
  stoppable,
  able,
  distinctCids,
  distinctShares,
  harmlessShares,
  separateShares,
  sharedCheckouts,
  checkoutPlaces,
  credentialFiles,
  credentialNames,
  exportPlaces,
  distinctExports,
  exportTexts,
  exportPorts,
  dependencies,
  dependencyCycles,
  startedOnce,
  recovery,
  alerts,
  inputs,
  modules,
  sshKeys,
  normalUsers,
  lastingUids,
  sshTargets,
  outsideOfNetworks,
  nameServers,
  capacity,
  configs,
  configSizes,
  takenOptions,
];
