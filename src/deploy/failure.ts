import { keepFailure as keepFailureAt } from '../host/hypervisor/deployment.ts';
import { isLost } from '../host/lost.ts';
import { FleetError } from '../model/errors.ts';
import { NotHealthy } from '../model/not-healthy.ts';
import type { Session } from './session.ts';

/** Guests of which a failure tells the last lines. */
const guestsTold = 3;

/**
 * A failure with the last lines of the guests that it is about and of their helpers. What says nothing of a guest (a
 * lost link, an interruption) stays as it is.
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
 * Has a hypervisor keep why its deployment failed. Does not throw.
 * @param hypervisor where it failed @returns whether it is written there
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
