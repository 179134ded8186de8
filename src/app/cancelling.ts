import { Interrupted } from '../deploy/interrupt.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Rollout } from '../model/fleet.ts';

/** Ms for a way back, and for looking at what it has brought back. */
const rollBackMs = 1_800_000;

/** Ms that a rollout is waited for once somebody asked to stop: the step in hand, and the roll-back. */
export const cancelLimit = ({ limits }: Rollout): number =>
  Math.max(limits.switch, limits.guest) + rollBackMs;

/**
 * Runs what changes hypervisors. When somebody asks to stop, `cancelling` is emitted, and it still comes to its own
 * end; after `within` ms of that nobody waits: `giveUp` is aborted, which closes its connections, and hypervisors
 * roll back by themselves.
 * @throws FleetError `cancel.timed-out`; Interrupted when it was asked to stop before it began
 */
export async function changing<T>(
  { emit, signal, within }: { emit: Emit; signal: AbortSignal; within: number },
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
        reject(timedOut(within));
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

function timedOut(within: number): FleetError {
  return new FleetError(
    'cancel.timed-out',
    `the roll-back did not end within ${Math.ceil(within / 1000)} s of being asked to stop`,
    {
      exitCode: exitCodes.rollbackFailed,
      hint: 'Hypervisors that were not confirmed roll back by themselves. Look: fleet verify, then fleet history',
    },
  );
}
