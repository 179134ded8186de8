import { exitCodes, FleetError } from '../model/errors.ts';
import type { Fleet } from '../model/fleet.ts';
import { meant } from '../model/meant.ts';
import { matches } from '../model/selector.ts';

/** What `--on` selects. */
export interface Selection {
  /** Hypervisors that are contacted. */
  readonly hypervisors: ReadonlySet<string>;
  /** Targets, hypervisors and vms, that may change. */
  readonly targets: ReadonlySet<string>;
}

/**
 * `--on web*,@canary,hv1`: names of vms or hypervisors, `*` for any characters, `@` for a tag. A
 * hypervisor brings its vms along; a vm brings the hypervisor it is on only to be contacted.
 * @throws FleetError if a part selects nothing: a typo must not mean "nothing to do".
 */
export function select(fleet: Fleet, selector: string | undefined): Selection {
  if (selector === undefined) {
    const hypervisors = new Set(fleet.hypervisors.map((h) => h.name));
    return { hypervisors, targets: new Set([...hypervisors, ...fleet.vms.map((v) => v.name)]) };
  }
  return selectIn(fleet, selector, '--on ');
}

/** The same of names that a command is given. @throws as `select` */
export const selectNamed = (fleet: Fleet, names: readonly string[]): Selection =>
  selectIn(fleet, names.join(','), '');

function selectIn(fleet: Fleet, selector: string, said: string): Selection {
  const hypervisors = new Set<string>();
  const targets = new Set<string>();
  for (const part of selector.split(',').map((s) => s.trim())) {
    const isSelected = matches(part);
    let found = false;
    for (const hypervisor of fleet.hypervisors) {
      if (!isSelected(hypervisor)) continue;
      found = true;
      hypervisors.add(hypervisor.name);
      targets.add(hypervisor.name);
      for (const vm of fleet.vms) if (vm.on === hypervisor.name) targets.add(vm.name);
    }
    for (const vm of fleet.vms) {
      if (!isSelected(vm)) continue;
      found = true;
      hypervisors.add(vm.on);
      targets.add(vm.name);
    }
    if (!found) {
      throw new FleetError(
        'select.nothing',
        `${said}${part}: no hypervisor, vm or tag has that name`,
        {
          exitCode: exitCodes.usage,
          hint: meant(part, fleet, ['hypervisors', 'vms', 'tags']),
        },
      );
    }
  }
  return { hypervisors, targets };
}
