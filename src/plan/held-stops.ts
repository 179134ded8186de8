import type { Facts, Stopped } from '../model/facts.ts';
import { type FleetIndex, indexFleet } from '../model/index.ts';
import { timestamp } from '../model/time.ts';

/**
 * What a hypervisor's vms are held to: one whose stop is held (`fleet stop --hold`) is to be stopped, whatever
 * fleet.yaml says, until it is released.
 * @param release names that are deployed by fleet.yaml again
 */
export function heedStops(
  index: FleetIndex,
  facts: ReadonlyMap<string, Facts | Error>,
  release: ReadonlySet<string> = new Set(),
): FleetIndex {
  const held = new Set(
    [...facts].flatMap(([hypervisor, seen]) =>
      seen instanceof Error
        ? []
        : [...seen.stopped].flatMap(([name, { isHeld }]) => {
            const isHere = index.vms.get(name)?.on === hypervisor;
            return isHeld && isHere && !release.has(name) ? [name] : [];
          }),
    ),
  );
  if (held.size === 0) return index;
  const { fleet } = index;
  return indexFleet({
    ...fleet,
    vms: fleet.vms.map((vm) => (held.has(vm.name) ? { ...vm, state: 'stopped' } : vm)),
  });
}

/** Who stopped it, and when. */
export const stopText = ({ operator, since, isHeld }: Stopped): string =>
  `stopped by ${operator} with fleet stop${isHeld ? ' --hold' : ''}, ${timestamp(since)}`;
