import { FleetError } from '../../model/errors.ts';
import { wholeSeconds } from '../../model/time.ts';
import { type Holder, parseHolder } from '../answers/holder.ts';
import * as shape from '../answers/shape.ts';
import { Rows } from '../answers/shape.ts';
import { parseStateBefore, type StateBefore } from '../answers/state-before.ts';
import { parseWayBack, type WayBack } from '../answers/way-back.ts';
import type { Host } from '../host.ts';
import { stepScript } from '../scripts.ts';
import { ask, runScript } from './call.ts';
import { type Confirmation, confirmationRows } from './confirmation-rows.ts';
import { failureRows } from './failure-rows.ts';

// Calls about a deployment on a hypervisor, except its steps.

/** What a deployment needs on a hypervisor, and what its way back has to cover. Times in ms. */
export interface Beginning {
  readonly id: string;
  /** The person: user@host. */
  readonly operator: string;
  readonly operation: 'apply' | 'restart' | 'rollback';
  readonly fleet: string;
  /** As `uname -m` prints it. */
  readonly machine: string;
  /** KiB that have to be free in the store. */
  readonly storeKiB: number;
  /** How long the hypervisor waits to hear from fleet before it rolls back. */
  readonly confirm: number;
  /** How long a guest may take to stop. */
  readonly stopTimeout: number;
  readonly checkout: string;
  /** Vms that the way back returns to their runners; the system it always does. */
  readonly vms: readonly string[];
}

/** Somebody else holds the lock. */
export class LockHeld extends FleetError {
  readonly holder: Holder;

  constructor(hypervisor: string, holder: Holder) {
    super('lock.held', `${hypervisor} is locked by ${holder.owner}`);
    this.holder = holder;
  }
}

/**
 * Begins a deployment: creates its folder and way back, and takes the lock. Changes nothing that runs.
 * @throws LockHeld; FleetError `preflight.*`, `begin.*` if it cannot begin; `interrupted`
 */
export async function begin(host: Host, wanted: Beginning, signal?: AbortSignal): Promise<void> {
  const args = [wanted.id, wanted.operator, wanted.operation, wanted.fleet, wanted.machine];
  args.push(
    String(wanted.storeKiB),
    wholeSeconds(wanted.confirm),
    wholeSeconds(wanted.stopTimeout),
  );
  args.push(wanted.checkout, ...wanted.vms);
  try {
    const stdin = stepScript('way-back');
    await runScript(host, 'begin', args, { stdin, ...(signal && { signal }) });
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== 'lock.held') throw error;
    throw new LockHeld(host.name, parseHolder(error.message));
  }
}

/**
 * Locks operations on vms out until the end of the deployment. Waits for those under way, for as long as a guest may
 * take to stop and 15 s. @returns vms with operations since the deployment began
 * @throws FleetError `lock.operation` naming the operation that does not end in time; `interrupted`
 */
export async function lock(
  host: Host,
  id: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<string[]> {
  try {
    const read = (answer: string) =>
      shape.understand('lock.unreadable', answer, () =>
        Rows.in(answer)
          .firsts('operated')
          .map((vm) => shape.name(vm, 'vm')),
      );
    return await ask(host, 'lock', [id], read, { timeoutMs, ...(signal && { signal }) });
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== 'lock.operation') throw error;
    const { id: operation, owner, operation: what } = parseHolder(error.message);
    const isKnown = shape.isName(operation);
    // What a hypervisor does by itself has no id.
    const isItself = operation === '-';
    const nameless = isItself ? `${what} by ${owner}` : 'some process';
    const which = isKnown ? `${what} of ${owner} (operation ${operation})` : nameless;
    throw error.retold({
      message: `${which} still holds ${host.name}: nothing was changed there`,
      hint: isKnown
        ? `Wait for its end, or stop it there: systemctl stop fleet-operation-${operation}. Then try again.`
        : `${isItself ? 'Wait for its end' : 'See which: fuser -v /run/fleet/locks/hypervisor. there'}. Then try again.`,
    });
  }
}

/** Ends a deployment with an outcome of HypervisorResult, and releases its lock. */
export async function end(host: Host, id: string, result: string, timeoutMs?: number) {
  await runScript(host, 'end', [id, result], timeoutMs === undefined ? {} : { timeoutMs });
}

/**
 * Renews the lease. @param deploys recorded as what the deployment brings; a checkout records it itself
 * @throws FleetError `back.taken` when the hypervisor has already taken its way back
 */
export async function renew(
  host: Host,
  id: string,
  timeoutMs: number,
  deploys?: { readonly commit: string; readonly branch: string },
): Promise<void> {
  const args = deploys ? [id, deploys.commit, deploys.branch] : [id];
  await runScript(host, 'renew', args, { timeoutMs });
}

/** Confirms: from here on the hypervisor does not roll back by itself. @throws FleetError `confirm.*` */
export async function confirm(host: Host, id: string, wanted: Confirmation): Promise<void> {
  await runScript(host, 'confirm', [id], { stdin: confirmationRows(wanted) });
}

/** Seconds that a way back may take: a switch, and guests that hang. */
const wayBackSeconds = '600';

/** Has the hypervisor roll back, or finds that it did so by itself. @throws FleetError `back.not-yet` */
export function takeWayBack(host: Host, id: string): Promise<WayBack> {
  return ask(host, 'back', [id, 'now', wayBackSeconds], parseWayBack);
}

/** Resumes a deployment; waits for its current step. @throws FleetError `resume.*`, `back.taken` */
export function resume(
  host: Host,
  id: string,
  operator: string,
  timeoutMs: number,
): Promise<StateBefore> {
  return ask(host, 'resume', [id, operator], parseStateBefore, { timeoutMs });
}

/** Sends the commit, where a hypervisor cannot fetch it. @throws FleetError `interrupted` */
export async function receive(
  host: Host,
  id: string,
  bundle: Buffer,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  await runScript(host, 'receive', [id], { stdin: bundle, timeoutMs, signal });
}

/** Ends the current step if it only prepares: checkout, build, or the check of what was built. */
export async function stopPreparing(host: Host, id: string): Promise<void> {
  await runScript(host, 'stop-preparing', [id]);
}

/** Records on the hypervisor why its deployment failed. @param where the hypervisor where it failed */
export async function keepFailure(host: Host, id: string, where: string, failure: FleetError) {
  await runScript(host, 'failure', [id], { stdin: failureRows(where, failure) });
}

/** Last lines of a guest and its helpers since a deployment began. */
export async function readReason(host: Host, id: string, guest: string): Promise<string[]> {
  const text = await runScript(host, 'reason', [id, guest]);
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** Ends a dead deployment. @returns its result; undefined: nothing is left of it @throws FleetError `unlock.*` */
export function unlock(host: Host, id: string): Promise<string | undefined> {
  return ask(host, 'unlock', [id], (answer) => Rows.in(answer).firsts('result')[0]);
}
