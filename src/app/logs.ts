import type { WantedLogs } from '../host/hypervisor/logs.ts';
import { FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { LogLine, LogUnit } from '../model/log-line.ts';
import { systemName } from '../model/names.ts';
import { type Listener, readJournal } from './logs/follow.ts';
import { InOrder } from './logs/in-order.ts';
import { wantedNames } from './logs/wanted.ts';
import type { WantedNames } from './logs/whose.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface LogsInput {
  readonly where: Where;
  /** Vms and hypervisors; `web*`, `@tag`. */
  readonly names: readonly string[];
  /** Of each name. */
  readonly lines: number;
  /** Seconds since the epoch. */
  readonly since?: number | undefined;
  readonly deployment?: string | undefined;
  /** Only this part of what is said. */
  readonly unit?: LogUnit | undefined;
  readonly follow: boolean;
  /** Given lines as they come, in order as far as they are known; waited for. */
  readonly show: (lines: readonly LogLine[]) => Promise<void>;
}

export interface Logs {
  /** Hypervisors whose lines are missing, and why, which was told. */
  readonly silent: readonly { readonly hypervisor: string; readonly error: Error }[];
  /** Names of which there are more lines than were asked for. */
  readonly cut: readonly string[];
}

/**
 * What guests, their units and hypervisors have said, from the journals of their hypervisors.
 * @throws FleetError `logs.unknown`, `logs.unit`; as `knownConfig`; Interrupted, which is how following ends
 */
export async function logs(
  ports: Ports,
  input: LogsInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<Logs> {
  return looking(ports, signal, async (ports) => {
    const { index } = await knownConfig(ports, input.where, emit);
    const all = wantedNames(index, input.names, input.unit);
    const counts = new Map<string, number>();
    const show = (lines: readonly LogLine[]) => {
      for (const { name } of lines) counts.set(name, (counts.get(name) ?? 0) + 1);
      return lines.length === 0 ? Promise.resolve() : input.show(lines);
    };
    const order = new InOrder<LogLine>(all.length, input.follow, show);
    const silent: { hypervisor: string; error: Error }[] = [];
    const miss = (hypervisor: string, thrown: unknown) => {
      const error = asError(thrown);
      silent.push({ hypervisor, error });
      emit({ type: 'warning', hypervisor, text: error.message });
    };
    // A deployment was where it changed something; it is a mistake only where nobody knows it.
    const without = new Map<string, unknown>();
    await Promise.all(
      all.map(async (names) => {
        const hypervisor = index.hypervisors.get(names.hypervisor)!;
        const reading = { hypervisor, names, wanted: wantedOf(input, names) };
        let isTold = false;
        const to: Listener = {
          line: (line) => order.line(line),
          last: (lines) => {
            isTold = true;
            return order.last(lines);
          },
        };
        try {
          await readJournal(ports, reading, to, emit, signal);
        } catch (error) {
          if (signal.aborted) return;
          const isWithout = error instanceof FleetError && error.code === 'logs.no-deployment';
          if (isWithout) without.set(hypervisor.name, error);
          else miss(hypervisor.name, error);
          if (!isTold) await order.last([]);
        }
      }),
    );
    if (without.size + silent.length === all.length) for (const one of without) miss(...one);
    const cut = [...counts].filter(([, count]) => count >= input.lines).map(([name]) => name);
    return { silent, cut };
  });
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

function wantedOf(
  { lines, since, deployment, unit, follow }: LogsInput,
  { vms, isOwn }: WantedNames,
): Omit<WantedLogs, 'cursor'> {
  const names = [...vms, ...(isOwn ? [systemName] : [])];
  return { lines, since, deployment, follow, targets: names.map((name) => ({ name, unit })) };
}
