import { exitCodes, FleetError } from '../../model/errors.ts';
import type { Fleet, Hypervisor, Vm } from '../../model/fleet.ts';
import type { FleetIndex } from '../../model/index.ts';
import { meant } from '../../model/meant.ts';
import { matches } from '../../model/selector.ts';

/** A machine to log in to: a hypervisor, or a vm on one. */
export interface Machine {
  readonly name: string;
  readonly hypervisor: Hypervisor;
  /** Absent: it is the hypervisor itself. */
  readonly vm?: Vm;
}

/**
 * The machines that a selector means, hypervisors first. Unlike `--on`, a hypervisor is itself alone: what is
 * for the one is hardly for the other. Vms that fleet.yaml wants stopped are meant only by their own name.
 * @throws FleetError `select.nothing`
 */
export function machinesOf({ fleet, hypervisors }: FleetIndex, selector: string): Machine[] {
  const all: Machine[] = [
    ...fleet.hypervisors.map((hypervisor) => ({ name: hypervisor.name, hypervisor })),
    ...fleet.vms.map((vm) => ({ name: vm.name, hypervisor: hypervisors.get(vm.on)!, vm })),
  ];
  const found = new Set<Machine>();
  for (const part of selector.split(',').map((part) => part.trim())) {
    const isSelected = matches(part);
    const selected = all.filter(
      ({ name, hypervisor, vm }) =>
        isSelected(vm ?? hypervisor) && (vm?.state !== 'stopped' || name === part),
    );
    if (selected.length === 0) throw nothingCalled(fleet, part);
    for (const machine of selected) found.add(machine);
  }
  return all.filter((machine) => found.has(machine));
}

/** The one machine of this name; a vm where a hypervisor is called so, too. @throws FleetError `select.nothing` */
export function machineOf({ fleet, hypervisors, vms }: FleetIndex, name: string): Machine {
  const vm = vms.get(name);
  const hypervisor = hypervisors.get(vm?.on ?? name);
  if (hypervisor) return { name, hypervisor, ...(vm && { vm }) };
  throw nothingCalled(fleet, name);
}

/** @throws FleetError `reach.no-vm` */
export function guestOf(index: FleetIndex, name: string): Machine & { readonly vm: Vm } {
  const machine = machineOf(index, name);
  if (machine.vm) return { ...machine, vm: machine.vm };
  throw new FleetError('reach.no-vm', `${name} is a hypervisor: this is for vms`, {
    exitCode: exitCodes.usage,
  });
}

function nothingCalled(fleet: Fleet, name: string): FleetError {
  return new FleetError('select.nothing', `no hypervisor, vm or tag is called ${name}`, {
    exitCode: exitCodes.usage,
    hint: meant(name, fleet, ['hypervisors', 'vms', 'tags']),
  });
}
