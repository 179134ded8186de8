import type { WayBack } from '../host/answers/way-back.ts';
import { FleetError } from '../model/errors.ts';

/** The error for a reboot: what was seen after it is not the commit's fault. */
export function rebooted(hypervisor: string): FleetError {
  return new FleetError('host.rebooted', `${hypervisor} was rebooted during the deployment`);
}

function diskFull(hypervisor: string, folders: readonly string[]): FleetError {
  const where = `${folders.join(', ')} on ${hypervisor}`;
  return new FleetError('host.disk-full', `the disk of ${where} is full`, {
    hint: `Free space on ${hypervisor} (nix-collect-garbage, or volumes that grew), then deploy again.`,
  });
}

/**
 * What a way back reports about a hypervisor that no commit can have caused.
 * @param hypervisor its name, the boot that the deployment began in, and how long it waits to hear from fleet, in ms
 */
export function toBlame(
  { bootId: boot, full, isAlone }: Pick<WayBack, 'bootId' | 'full' | 'isAlone'>,
  { name, bootId, confirm }: { name: string; bootId: string; confirm: number },
): FleetError | undefined {
  if (boot && bootId && boot !== bootId) return rebooted(name);
  if (full.length > 0) return diskFull(name, full);
  if (!isAlone) return undefined;
  return new FleetError(
    'back.taken',
    `${name} rolled back by itself: it had not heard from fleet for ${confirm / 1000} s`,
  );
}

/** The failure of a deployment, or what happened to its hypervisor meanwhile, if that explains the failure. */
export function explained(failure: FleetError, world: FleetError | undefined): FleetError {
  if (!world || failure.code === world.code || failure.code === 'interrupted') return failure;
  // After a switch that cut the hypervisor off, it could not hear from fleet.
  const isOwn = failure.code === 'switch.unreachable' && world.code === 'back.taken';
  if (isOwn || (failure.blames !== 'commit' && world.code !== 'host.rebooted')) return failure;
  const detail = [failure.message, failure.detail].filter((text) => text !== undefined);
  return new FleetError(world.code, world.message, {
    cause: failure,
    detail: detail.join('\n'),
    ...(world.hint !== undefined && { hint: world.hint }),
  });
}
