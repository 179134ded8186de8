import { FleetError } from '../../model/errors.ts';
import { wholeSeconds } from '../../model/time.ts';
import { parseHolder } from '../answers/holder.ts';
import { Rows } from '../answers/shape.ts';
import type { Host } from '../host.ts';
import { stepScript } from '../scripts.ts';
import { ask } from './call.ts';
import { LockHeld } from './deployment.ts';

// What is done to one vm outside of a deployment: once for each id, recorded on the hypervisor.

/** Ms that the desk waits longer than the hypervisor, which ends what is over its limit by itself. */
const slack = 30_000;

/** A restart of one vm. Times in ms. */
export interface Restart {
  /** Whoever asks twice with the same gets one restart. */
  readonly id: string;
  /** Who: user@host. */
  readonly operator: string;
  readonly vm: string;
  /** How long a deployment, or another operation on this vm, is waited for. */
  readonly lockTimeout: number;
  /** How long the guest may take to stop before it is killed. */
  readonly stopTimeout: number;
  /** After which it is ended, waiting for locks included. */
  readonly limit: number;
}

/**
 * Restarts a vm. It does not wait for a deployment that builds, and never meets the changing steps of one.
 * @returns whether the guest had to be killed
 * @throws LockHeld with who holds the hypervisor or the vm; FleetError `operation.known` for an id that there was
 * already, `operation.no-vm`, `operation.ended`, `begin.starting`
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
