import { begin, end, LockHeld } from '../host/hypervisor/deployment.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { FleetIndex } from '../model/index.ts';
import { takeUp } from '../model/take-up.ts';
import { type Clock, timestamp } from '../model/time.ts';
import { requiredKiB } from '../plan/resources.ts';
import { checkpoint, Interrupted, unlessInterrupted } from './interrupt.ts';
import { asFleetError } from './put-back.ts';
import type { Session } from './session.ts';

/** Ms that the first of several deployments, which begin at the same instant, waits for the others to give way. */
const givesWay = 10_000;

export interface Deployment {
  /** Ids sort by time. */
  readonly id: string;
  /** The person, for the lock and the journal: user@host. */
  readonly operator: string;
  readonly operation: 'apply' | 'restart' | 'rollback';
}

export interface Beginning {
  readonly session: Session;
  /** Vms that the way back returns to their runners; the system it always does. */
  readonly vms: readonly string[];
}

/** Ms to wait for `begin` to finish once a person asked to stop, so that what has begun can be ended. */
const stopsWithin = 3000;
/** Ms to wait for ending a deployment that may not even have begun. */
const endsWithin = 10_000;

/** Ms between two tries to lock a hypervisor that somebody else holds. */
const asksAgain = 3000;

/** Somebody else holds a lock. */
class Held extends FleetError {
  session: Session | undefined;
}

/** How long to wait for locks, and what ends the wait early. */
export interface LockWait {
  readonly signal: AbortSignal;
  /** Ms. Default: 0. */
  readonly lockTimeout?: number;
}

/**
 * Begins on every hypervisor and takes its lock, or does so on none. If somebody else holds a lock, says so once and waits.
 * @throws FleetError for the first that refuses, or does not answer in time; Interrupted
 */
export async function beginAll(
  all: readonly Beginning[],
  deployment: Deployment,
  index: FleetIndex,
  clock: Clock,
  { signal, lockTimeout = 0 }: LockWait,
): Promise<void> {
  const until = clock.now() + lockTimeout;
  const stop = new AbortController();
  const stopSoon = () => void setTimeout(() => stop.abort(), stopsWithin).unref();
  signal.addEventListener('abort', stopSoon, { once: true });
  let isTold = false;
  try {
    for (;;) {
      checkpoint(signal);
      try {
        await beginOrEnd(all, deployment, index, clock, stop.signal);
        return;
      } catch (error) {
        if (!(error instanceof Held) || clock.now() >= until) throw error;
        if (!isTold) error.session?.note(`${error.message}; waiting`);
        isTold = true;
        await unlessInterrupted(signal, () => clock.sleep(asksAgain));
      }
    }
  } finally {
    signal.removeEventListener('abort', stopSoon);
  }
}

async function beginOrEnd(
  all: readonly Beginning[],
  deployment: Deployment,
  index: FleetIndex,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const until = clock.now() + givesWay;
  let left = all;
  for (;;) {
    const results = await Promise.allSettled(
      left.map((b) => beginAt(b, deployment, index, signal)),
    );
    const refused = left.flatMap((beginning, i) => {
      const result = results[i];
      return result?.status === 'rejected'
        ? [{ beginning, error: asFleetError(result.reason) }]
        : [];
    });
    const [first] = refused;
    if (!first) return;
    // If several deployments each got some of the locks, the one with the smallest id goes on; the others give way.
    const isOurs = refused.every(
      ({ error }) => error instanceof LockHeld && deployment.id < error.holder.id,
    );
    if (isOurs && clock.now() < until) {
      await clock.sleep(300);
      left = refused.map((r) => r.beginning);
      continue;
    }
    // Also where begin failed: the link may have gone after the lock was taken. Only our own lock is released.
    await endAll(
      all.map((b) => b.session),
      'untouched',
      endsWithin,
    );
    throw explain(first.beginning.session, first.error);
  }
}

/** Ends the deployment wherever it can be reached; elsewhere it ends by itself. */
export async function endAll(
  sessions: readonly Session[],
  result: string,
  timeoutMs?: number,
): Promise<void> {
  await Promise.allSettled(sessions.map((s) => end(s.host, s.id, result, timeoutMs)));
}

function beginAt(
  { session, vms }: Beginning,
  { id, operator, operation }: Deployment,
  { fleet }: FleetIndex,
  signal: AbortSignal,
): Promise<void> {
  const { checkout, system } = session.hypervisor;
  const { confirm, stopTimeout } = fleet.rollout;
  const machine = system.replace(/-linux$/, '');
  const need = { machine, storeKiB: requiredKiB.store, confirm, stopTimeout };
  const wanted = { id, operator, operation, fleet: fleet.name, ...need, checkout, vms };
  return begin(session.host, wanted, signal);
}

function explain(session: Session, error: FleetError): FleetError {
  const { name } = session.hypervisor;
  if (error.code === 'interrupted') return new Interrupted('interrupted; nothing was changed');
  if (!(error instanceof LockHeld)) {
    return error.retold({
      message: `${name}: ${error.message}`,
      // The shell's own error about what it could not write only repeats that the disk is full.
      ...(error.code === 'preflight.no-space' && { detail: undefined }),
    });
  }
  const held = lockHeld(name, error.holder);
  held.session = session;
  return held;
}

/** The error when somebody else holds the lock: who, since when, and what to do about it. */
export function lockHeld(name: string, { id, owner, operation, since }: LockHeld['holder']): Held {
  // What a hypervisor does by itself has no id, and a process that is not fleet's not even a name.
  const what = id === '-' ? operation : `${operation} ${id}`;
  const more = what === '' ? '' : ` (${what}, started ${timestamp(since)})`;
  return new Held('lock.held', `${name} is locked by ${owner}${more}`, {
    exitCode: exitCodes.locked,
    hint: [
      'No hypervisor was changed. Wait for it with --lock-timeout 10m.',
      `If the fleet process behind it is gone: ${takeUp({ id, operation })}.`,
      `If nothing of it is running on ${name} any more: fleet unlock ${name}`,
    ].join('\n'),
  });
}
