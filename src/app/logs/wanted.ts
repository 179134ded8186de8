import { exitCodes, FleetError } from '../../model/errors.ts';
import type { FleetIndex } from '../../model/index.ts';
import type { LogUnit } from '../../model/log-line.ts';
import { meant } from '../../model/meant.ts';
import { matches } from '../../model/selector.ts';
import type { WantedNames } from './whose.ts';

/**
 * Vms and hypervisors that are named, by the hypervisor whose journal has them. A hypervisor stands for itself alone.
 * @throws FleetError `logs.unknown`, `logs.unit`
 */
export function wantedNames(
  { fleet }: FleetIndex,
  names: readonly string[],
  unit: LogUnit | undefined,
): WantedNames[] {
  const vms = new Map<string, Set<string>>();
  const own = new Set<string>();
  const isOfVms = unit !== undefined && unit !== 'fleet';
  for (const name of names) {
    const isNamed = matches(name);
    const found = fleet.vms.filter(isNamed);
    const hypervisors = fleet.hypervisors.filter(isNamed);
    if (found.length + hypervisors.length === 0) throw unknown(fleet, name);
    for (const vm of found) vms.set(vm.on, (vms.get(vm.on) ?? new Set()).add(vm.name));
    if (!isOfVms) for (const { name } of hypervisors) own.add(name);
    else if (found.length === 0)
      throw new FleetError('logs.unit', `${name} is a hypervisor: it has no --unit ${unit}`, {
        exitCode: exitCodes.usage,
        hint: `fleet logs ${name} has all of its own lines; fleet show ${name} names its vms.`,
      });
  }
  return fleet.hypervisors
    .map(({ name }) => ({
      hypervisor: name,
      vms: vms.get(name) ?? new Set<string>(),
      isOwn: own.has(name),
      unit,
    }))
    .filter(({ vms, isOwn }) => isOwn || vms.size > 0);
}

function unknown(fleet: FleetIndex['fleet'], name: string): FleetError {
  return new FleetError('logs.unknown', `there is no vm or hypervisor ${name}`, {
    exitCode: exitCodes.usage,
    hint: meant(name, fleet, ['hypervisors', 'vms', 'tags']),
  });
}
