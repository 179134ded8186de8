import { keepFailure as keepFailureAt } from '../host/hypervisor/deployment.ts';
import { isLost } from '../host/lost.ts';
import { FleetError } from '../model/errors.ts';
import { NotHealthy } from '../model/not-healthy.ts';
import type { Session } from './session.ts';

/** How many guests a failure shows the last lines of. */
const guestsTold = 3;

/**
 * Adds to a failure the last lines of the guests that it is about, and of their helpers. A failure that is not about a
 * guest (a lost link, an interruption) stays as it is.
 */
export async function withReason(
  session: Session,
  error: unknown,
  guests: readonly string[],
): Promise<unknown> {
  if (!(error instanceof FleetError) || guests.length === 0) return error;
  if (isLost(error) || /^(back|lock|confirm)\.|^interrupted$/.test(error.code)) return error;
  const told = [...new Set(guests)].slice(0, guestsTold);
  const lines = (await Promise.all(told.map((guest) => session.reason(guest)))).flat();
  if (lines.length === 0) return error;
  if (error instanceof NotHealthy) return error.with(lines);
  return error.retold({
    detail: [...(error.detail === undefined ? [] : [error.detail]), ...lines].join('\n'),
  });
}

/**
 * Records on a hypervisor why its deployment failed. Does not throw.
 * @param hypervisor where it failed @returns whether it could be written
 */
export async function keepFailure(
  session: Session,
  hypervisor: string,
  failure: FleetError,
): Promise<boolean> {
  try {
    await keepFailureAt(session.host, session.id, hypervisor, failure);
    return true;
  } catch {
    return false;
  }
}
