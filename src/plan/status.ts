import type { Hypervisor } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import {
  type Finding,
  type HypervisorStatus,
  type Standing,
  standings,
  type VmStatus,
} from '../model/status.ts';
import { drift } from './drift.ts';
import type { Look } from './finding.ts';
import { heedStops } from './held-stops.ts';
import { hypervisorStatus } from './hypervisor-status.ts';
import { own, vmStatus } from './vm-status.ts';

/** How a hypervisor is, and each of its vms that fleet.yaml has. */
export function statusOf(
  of: FleetIndex,
  hypervisor: Hypervisor,
  look: Look,
): { readonly hypervisor: HypervisorStatus; readonly vms: readonly VmStatus[] } {
  const index = heedStops(of, new Map([[hypervisor.name, look.facts]]));
  const found = drift(index, hypervisor.name, look.facts);
  return {
    hypervisor: hypervisorStatus(index, hypervisor, look, found),
    vms: index.vmsOn(hypervisor.name).map((vm) => vmStatus(index, vm, look, found)),
  };
}

/** The same of one that does not answer: nobody knows how its vms are. */
export function silent(
  index: FleetIndex,
  hypervisor: Hypervisor,
  error: Pick<Finding, 'code' | 'message' | 'hint'>,
): { readonly hypervisor: HypervisorStatus; readonly vms: readonly VmStatus[] } {
  return {
    hypervisor: {
      ...{ name: hypervisor.name, standing: 'wrong', reachable: false },
      ...{ findings: [{ ...error, wrong: true }], checks: [], rebootFor: [], load: [] },
    },
    vms: index.vmsOn(hypervisor.name).map((vm) => ({
      ...own(vm),
      ...{ standing: 'unknown', state: 'Unknown', health: 'unknown' },
      ...{ findings: [], checks: [], use: {} },
      address: vm.nics[0]?.address ?? '',
    })),
  };
}

/** The worst first; among equals by name. */
export function byStanding<T extends { readonly standing: Standing; readonly name: string }>(
  rows: readonly T[],
): T[] {
  const rank = ({ standing }: T) => standings.indexOf(standing);
  return rows.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}
