import type { Emit } from '../model/events.ts';
import type { FleetSpoolEvent } from '../model/spool-event.ts';
import { readSpool } from './events/read-spool.ts';
import { InOrder } from './logs/in-order.ts';
import { wantedNames } from './logs/wanted.ts';
import type { WantedNames } from './logs/whose.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface EventsInput {
  readonly where: Where;
  /** Vms and hypervisors; `web*`, `@tag`. None: all there is. */
  readonly names: readonly string[];
  /** Of each hypervisor, the last so many that are about what is named. */
  readonly count: number;
  /** Seconds since the epoch. */
  readonly since?: number | undefined;
  readonly follow: boolean;
  /** Given events as they come, in order as far as it is known; waited for. */
  readonly show: (events: readonly FleetSpoolEvent[]) => Promise<void>;
}

export interface Events {
  /** Hypervisors whose events are missing, and why, which was told. */
  readonly silent: readonly { readonly hypervisor: string; readonly error: Error }[];
  /** Hypervisors of which there are more events than were shown. */
  readonly cut: readonly string[];
}

/**
 * What happened on hypervisors, and to their vms, as their spools remember it.
 * @throws FleetError `logs.unknown`; as `knownConfig`; Interrupted, which is how following ends
 */
export async function events(
  ports: Ports,
  input: EventsInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<Events> {
  return looking(ports, signal, async (ports) => {
    const { index } = await knownConfig(ports, input.where, emit);
    const named = input.names.length === 0 ? undefined : wantedNames(index, input.names, undefined);
    const wanted = index.fleet.hypervisors
      .map((hypervisor) => ({
        hypervisor,
        names: named?.find((one) => one.hypervisor === hypervisor.name),
      }))
      .filter(({ names }) => named === undefined || names !== undefined);
    const order = new InOrder<FleetSpoolEvent>(wanted.length, input.follow, (found) =>
      found.length === 0 ? Promise.resolve() : input.show(found),
    );
    const silent: { hypervisor: string; error: Error }[] = [];
    const cut: string[] = [];
    await Promise.all(
      wanted.map(async ({ hypervisor, names }) => {
        const { name } = hypervisor;
        let isTold = false;
        const last = async (found: readonly FleetSpoolEvent[]) => {
          isTold = true;
          if (found.length > input.count) cut.push(name);
          await order.last(found.slice(-input.count));
        };
        const { count, since, follow } = input;
        try {
          await readSpool(
            ports,
            {
              ...{ hypervisor, count, since, follow },
              isMeant: (event) => isAbout(event, names),
            },
            { last, event: (event) => order.line(event) },
            emit,
            signal,
          );
        } catch (thrown) {
          if (signal.aborted) return;
          const error = thrown instanceof Error ? thrown : new Error(String(thrown));
          silent.push({ hypervisor: name, error });
          emit({ type: 'warning', hypervisor: name, text: error.message });
          if (!isTold) await order.last([]);
        }
      }),
    );
    return { silent, cut };
  });
}

/** What is about the spool itself concerns whoever reads it. */
function isAbout({ vm, kind }: FleetSpoolEvent, names: WantedNames | undefined): boolean {
  if (names === undefined || kind === 'spool.gap' || kind === 'spool.fork') return true;
  return vm === undefined ? names.isOwn : names.vms.has(vm);
}
