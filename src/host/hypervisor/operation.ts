import { FleetError } from '../../model/errors.ts';
import { wholeSeconds } from '../../model/time.ts';
import { parseHolder } from '../answers/holder.ts';
import { Rows } from '../answers/shape.ts';
import type { Host } from '../host.ts';
import { stepScript } from '../scripts.ts';
import { ask } from './call.ts';
import { LockHeld } from './deployment.ts';

// Operations on one vm, outside of a deployment. Each id runs once and is recorded on the hypervisor.

/** Ms that fleet waits beyond an operation's limit, at which the hypervisor ends it. */
const slack = 30_000;

/** A restart of one vm. Times in ms. */
export interface Restart {
  /** A second request with the same id is refused. */
  readonly id: string;
  /** The person: user@host. */
  readonly operator: string;
  readonly vm: string;
  /** How long to wait for a deployment or another operation on this vm. */
  readonly lockTimeout: number;
  /** How long the guest may take to stop before it is killed. */
  readonly stopTimeout: number;
  /** Its time limit, including the wait for locks. */
  readonly limit: number;
}

/**
 * Restarts a vm. Does not wait for a deployment that builds, and never runs during its changing steps.
 * @returns whether the guest had to be killed
 * @throws LockHeld naming who holds the hypervisor or the vm; FleetError `operation.known` for an id that was used
 * before, `operation.no-vm`, `operation.ended`, `begin.starting`
 */
export async function restartVm(
  host: Host,
  wanted: Restart,
): Promise<{ readonly isKilled: boolean }> {
  const { id, operator, vm, lockTimeout, stopTimeout, limit } = wanted;
  const args = [id, operator, 'restart', vm, wholeSeconds(limit)];
  args.push(wholeSeconds(lockTimeout), wholeSeconds(stopTimeout));
  const read = (answer: string) => ({ isKilled: Rows.in(answer).has('killed') });
  try {
    const options = { stdin: stepScript('vm-restart'), timeoutMs: limit + slack };
    return await ask(host, 'operation', args, read, options);
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== 'lock.held') throw error;
    throw new LockHeld(host.name, parseHolder(error.message));
  }
}
