import { FleetError } from '../../model/errors.ts';
import { wholeSeconds } from '../../model/time.ts';
import { parseHolder } from '../answers/holder.ts';
import { Rows, words } from '../answers/shape.ts';
import type { Host } from '../host.ts';
import { stepScript } from '../scripts.ts';
import { ask } from './call.ts';
import { LockHeld } from './deployment.ts';

// Operations on one vm, outside of a deployment. Each id runs once and is recorded on the hypervisor. None waits for a
// deployment that builds, and none runs during the changing steps of one. All throw LockHeld naming who holds the
// hypervisor or the vm; FleetError `operation.known` for an id that was used before, `operation.no-vm`,
// `operation.ended`, `begin.starting`.

/** Ms that fleet waits beyond an operation's limit, at which the hypervisor ends it. */
const slack = 30_000;

/** What every operation is told. Times in ms. */
export interface Operation {
  /** A second request with the same id is refused. */
  readonly id: string;
  /** The person: user@host. */
  readonly operator: string;
  readonly vm: string;
  /** How long to wait for a deployment or another operation on this vm. */
  readonly lockTimeout: number;
  /** Its time limit, including the wait for locks. */
  readonly limit: number;
}

/** A process outside of the guest's units that had a TAP of it, and was ended. */
export interface Stray {
  readonly process: number;
  /** What the kernel calls it; may be empty. */
  readonly name: string;
}

/** What was cleared. */
export interface Cleared {
  /** Whether the guest had to be killed. */
  readonly isKilled: boolean;
  readonly strays: readonly Stray[];
}

export interface Restart extends Operation {
  /** What history calls it. Default: a restart. */
  readonly kind?: 'restart' | 'start';
  /** How long the guest may take to stop before it is killed; 0: it is killed at once. */
  readonly stopTimeout: number;
  /** TAPs that are its alone: whatever else has one open is ended. */
  readonly taps?: readonly string[];
  /**
   * The invocation that was seen ill, `''` for none: where another one runs by now, that is left to prove itself.
   * Default: whichever runs is restarted.
   */
  readonly life?: string;
}

/**
 * Restarts a vm, or starts one that does not run, and clears what is left of it before. It releases a stop.
 * @throws also FleetError `operation.image-held`, when somebody else has an image of it and nothing was done
 */
export async function restartVm(
  host: Host,
  wanted: Restart,
): Promise<Cleared & { readonly runsAlready: boolean }> {
  const { kind = 'restart', stopTimeout, taps = [], life = '-' } = wanted;
  const args = [wholeSeconds(stopTimeout), life, ...taps];
  return run(host, kind, 'vm-restart', wanted, args, (answer) => ({
    ...cleared(answer),
    runsAlready: answer.has('runs'),
  }));
}

export interface Halt extends Operation, Pick<Restart, 'stopTimeout' | 'taps'> {
  /** It lasts until it is released; else until an apply starts the guest. */
  readonly isHeld: boolean;
}

/** Stops a vm, and writes down that somebody wants it so: neither a reboot nor anybody but who was asked starts it. */
export function stopVm(host: Host, wanted: Halt): Promise<Cleared> {
  const { isHeld, operator, stopTimeout, taps = [] } = wanted;
  const args = [wholeSeconds(stopTimeout), operator, isHeld ? 'held' : 'apply', ...taps];
  return run(host, 'stop', 'vm-halt', wanted, args, cleared);
}

/** Releases the stop of a vm that runs all the same. */
export function releaseVm(host: Host, wanted: Operation): Promise<void> {
  return run(host, 'start', 'vm-release', wanted, [], () => undefined);
}

function cleared(answer: Rows): Cleared {
  return {
    isKilled: answer.has('killed'),
    strays: answer.of('stray').map(([process, name]) => ({
      process: Number(process),
      name: words(name),
    })),
  };
}

async function run<T>(
  host: Host,
  kind: string,
  name: 'vm-halt' | 'vm-release' | 'vm-restart',
  { id, operator, vm, limit, lockTimeout }: Operation,
  more: readonly string[],
  read: (answer: Rows) => T,
): Promise<T> {
  const args = [id, operator, kind, vm, wholeSeconds(limit), wholeSeconds(lockTimeout), ...more];
  try {
    const title = `${kind} ${vm}`;
    const options = { stdin: stepScript(name), timeoutMs: limit + slack, title, isLong: true };
    return await ask(host, 'operation', args, (answer) => read(Rows.in(answer)), options);
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== 'lock.held') throw error;
    throw new LockHeld(host.name, parseHolder(error.message));
  }
}
