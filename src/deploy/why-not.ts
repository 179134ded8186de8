import type { Host } from '../host/host.ts';
import { LockHeld, readReason } from '../host/hypervisor/deployment.ts';
import type { FleetError } from '../model/errors.ts';
import { NotHealthy } from '../model/not-healthy.ts';
import { lockHeld } from './locks.ts';
import { asFleetError } from './put-back.ts';

interface Operated {
  readonly host: Host;
  readonly hypervisor: string;
  readonly vm: string;
  /** Of the operation, if it came to one. */
  readonly id: string | undefined;
}

/** Why an operation on a vm failed, with what the guest said last, where that may be why. */
export async function whyNot(
  thrown: unknown,
  { host, hypervisor, id = '-', vm }: Operated,
): Promise<FleetError> {
  if (thrown instanceof LockHeld) return held(hypervisor, thrown.holder);
  const error = asFleetError(thrown);
  if (error.code.startsWith('ssh.') || saysAll.has(error.code)) return error;
  const lines = await readReason(host, id, vm).catch(() => []);
  if (error instanceof NotHealthy) return error.with(lines).blaming('world');
  const detail = [...(error.detail === undefined ? [] : [error.detail]), ...lines].join('\n');
  return detail === '' ? error : error.retold({ detail });
}

/** What the guest said last has nothing to do with them. */
const saysAll: ReadonlySet<string> = new Set(['interrupted', 'operation.image-held']);

/** Who is at work there: a deployment, or an operation on this vm. */
function held(hypervisor: string, holder: LockHeld['holder']): FleetError {
  const error = lockHeld(hypervisor, holder);
  // `restart web1`: no deployment is called so.
  if (!holder.operation.includes(' ') && holder.id !== '-') return error;
  return error.retold({ hint: 'Nothing was done. Wait for it with --lock-timeout 1m.' });
}
