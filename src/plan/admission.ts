import { type Demand, demand, type Shortage, shortages } from '../model/capacity.ts';
import type { Facts } from '../model/facts.ts';
import type { Amounts, Vm } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import { askers, beside, reckoning, shortageLine } from '../model/shortage-text.ts';

/** The folder of the volumes. */
const volumeDisk = '/var/lib/microvms';

const diskOf = (vm: Vm): number => vm.volumes.reduce((sum, { sizeMiB }) => sum + sizeMiB, 0);

const demandOf = (vm: Vm, perVm: number): Demand =>
  demand(vm.name, vm.state, { vcpu: vm.vcpu, memory: vm.memoryMiB, disk: diskOf(vm) }, perVm);

/**
 * The problems of a hypervisor whose vms ask for more than there is (as declared, else as seen). Counts all its vms as
 * fleet.yaml wants them, not only those that change now. One problem, of several lines, for each resource.
 */
export function admission(index: FleetIndex, hypervisor: string, seen: Partial<Amounts>): string[] {
  const capacity = index.hypervisors.get(hypervisor)?.capacity;
  if (!capacity) return [];
  const there = { ...seen, ...capacity.declared };
  return shortages(
    there,
    capacity,
    index.vmsOn(hypervisor).map((vm) => demandOf(vm, capacity.perVm)),
  ).map(problem);
}

function problem(shortage: Shortage): string {
  const by = askers(shortage);
  const width = Math.max(...by.map((vm) => vm.amount.length));
  return [
    shortageLine(shortage),
    ...by.map((vm) => `  ${vm.amount.padStart(width)}  ${vm.name}`),
    ...beside(shortage),
    `to give: ${reckoning(shortage)}`,
    'Move or shrink vms, or set capacity of this hypervisor in fleet.yaml.',
  ].join('\n');
}

/**
 * What the hypervisor has, as far as facts tell. Disk is what is free, plus what existing images take already, because
 * images are sparse and grow into that.
 */
export function roomOf(index: FleetIndex, hypervisor: string, facts: Facts): Partial<Amounts> {
  const { processors, memory } = facts;
  const freeKiB = facts.freeKiB.get(volumeDisk);
  const known = (n: number | undefined): n is number => n !== undefined && Number.isFinite(n);
  const taken = index.vmsOn(hypervisor).map((vm) => takenMiB(vm, facts));
  return {
    ...(known(processors) && { vcpu: processors }),
    ...(memory && { memory: Math.floor(memory.totalKiB / 1024) }),
    ...(known(freeKiB) && {
      disk: Math.floor(freeKiB / 1024) + taken.reduce((sum, mib) => sum + mib, 0),
    }),
  };
}

/** How much the images of a vm take: as seen, else their full size, with which they were admitted. */
function takenMiB(vm: Vm, facts: Facts): number {
  const seen = facts.takenKiB.get(vm.name);
  if (seen !== undefined) return Math.floor(seen / 1024);
  return facts.vms.has(vm.name) || facts.aside.has(vm.name) ? diskOf(vm) : 0;
}
