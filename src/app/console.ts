import { type ExitCode, exitCodes } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { LogLine } from '../model/log-line.ts';
import type { OperationResult } from '../model/operation-result.ts';
import { logs } from './logs.ts';
import { chooseOperation, type Operated, operate } from './operate.ts';
import type { Ports } from './ports.ts';
import { guestOf } from './reach/machines.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface ConsoleInput {
  readonly where: Where;
  /** Of a vm. */
  readonly name: string;
  /** Last lines that are shown first. */
  readonly lines: number;
  /** Restarts the vm, or starts it, and shows it from there on. */
  readonly boot: boolean;
  /** Ms that whoever is at work there is waited for. */
  readonly lockTimeout: number;
  /** Given lines as they come, and waited for. */
  readonly show: (lines: readonly LogLine[]) => Promise<void>;
  /** Told how the start went. */
  readonly started: (operated: Operated) => void;
}

/**
 * What a guest writes to its console, until somebody asks to stop; of one that was to be started and was not even tried,
 * nothing. @returns an exit code
 * @throws FleetError `select.nothing`, `reach.no-vm`; as `logs` and `chooseOperation`; Interrupted, which is its end
 */
export async function guestConsole(
  ports: Ports,
  { where, name, lines, boot, lockTimeout, show, started }: ConsoleInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { index } = await knownConfig(ports, where, emit);
  guestOf(index, name);
  const follow = async (signal: AbortSignal, since?: number) => {
    const wanted = { where, names: [name], lines, since, unit: 'console', follow: true } as const;
    const { silent } = await logs(ports, { ...wanted, show }, emit, signal);
    return silent.length > 0 ? exitCodes.failed : exitCodes.ok;
  };
  if (!boot) return follow(signal);
  const wish = { where, kind: 'restart', names: [name], lockTimeout } as const;
  const chosen = await chooseOperation(ports, wish, emit, signal);
  const ending = new AbortController();
  try {
    const facts = chosen.contacts[0]?.facts;
    // Its hypervisor's clock: that is what its journal goes by.
    const since = facts instanceof Error ? undefined : facts?.now;
    const following = follow(AbortSignal.any([signal, ending.signal]), since);
    // It is told of where it is waited for.
    following.catch(() => {});
    const operated = await operate(ports, chosen, () => {}, signal);
    started(operated);
    if (operated.results.some(isUntried)) return operated.exitCode;
    return await following;
  } finally {
    ending.abort();
    chosen.close();
  }
}

/** Nothing comes up that could be watched. */
const isUntried = ({ outcome, id }: OperationResult): boolean =>
  outcome === 'locked' || (outcome === 'failed' && id === undefined);
