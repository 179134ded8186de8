import { FleetError } from '../../model/errors.ts';
import type { GuestHealth } from '../../model/guest-facts.ts';

/** Why a guest cannot be reached that does not run, as its hypervisor sees it; undefined: it runs. */
export function notRunning(
  name: string,
  vms: ReadonlyMap<string, Pick<GuestHealth, 'unit'>>,
): FleetError | undefined {
  const unit = vms.get(name)?.unit;
  if (unit?.active === 'active') return undefined;
  // Between two starts its console says why.
  const isTried = unit?.active === 'activating';
  return new FleetError(
    'guest.not-running',
    `${name} is not running${unit ? ` (${unit.active}, ${unit.sub})` : ''}`,
    {
      hint: isTried
        ? `It is being started. Why that fails: fleet logs ${name}`
        : `Start it: fleet start ${name}`,
    },
  );
}
