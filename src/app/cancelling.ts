import { Interrupted } from '../deploy/interrupt.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Rollout } from '../model/fleet.ts';

/** Ms added for what has its own limits (a way back, calls, looks) and for a slow machine. */
const ownLimitsMs = 1_200_000;

/**
 * Ms to wait for a rollout once somebody asked to stop. The sum of limits that can be set: for the step in hand, the
 * roll-back and a look at the result, each with time to reconnect.
 */
export const cancelLimit = ({ limits, confirm, deadline, settle }: Rollout): number =>
  Math.max(limits.switch, limits.guest) + 3 * confirm + deadline + 2 * settle + ownLimitsMs;

/** How long to wait once somebody asked to stop. */
export interface Cancelling {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Ms. */
  readonly within: number;
  /** Whether a hypervisor may have been changed by then. Default: yes. */
  readonly mayHaveChanged?: () => boolean;
}

/**
 * Runs work that changes hypervisors. When somebody asks to stop, `cancelling` is emitted and the work still comes to
 * its own end. If that takes more than `within` ms, `giveUp` is aborted, which closes the connections, and hypervisors
 * roll back by themselves.
 * @throws FleetError `cancel.timed-out`; Interrupted when somebody asked to stop before it began
 */
export async function changing<T>(
  { emit, signal, within, mayHaveChanged = () => true }: Cancelling,
  work: (giveUp: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw new Interrupted('interrupted; nothing was changed');
  const giveUp = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let stop = () => {};
  const late = new Promise<never>((_, reject) => {
    stop = () => {
      emit({ type: 'cancelling', within });
      timer = setTimeout(() => {
        giveUp.abort();
        reject(timedOut(within, mayHaveChanged()));
      }, within);
    };
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work(giveUp.signal), late]);
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(timer);
  }
}

function timedOut(within: number, mayHaveChanged: boolean): FleetError {
  const late = `within ${Math.ceil(within / 1000)} s of being asked to stop`;
  if (!mayHaveChanged)
    return new FleetError(
      'cancel.timed-out',
      `no hypervisor was changed, but the deployment did not end ${late}`,
      {
        hint: 'Hypervisors free their locks by themselves when the step in hand has ended. Check: fleet history',
      },
    );
  return new FleetError('cancel.timed-out', `the roll-back did not end ${late}`, {
    exitCode: exitCodes.rollbackFailed,
    hint: 'Hypervisors that were not confirmed roll back by themselves. Check: fleet verify, then fleet history',
  });
}
