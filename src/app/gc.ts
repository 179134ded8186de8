import { askEach } from '../deploy/connect-all.ts';
import { Interrupted } from '../deploy/interrupt.ts';
import type { Host } from '../host/host.ts';
import { collect, findOld, type Old } from '../host/hypervisor/garbage.ts';
import type { Emit } from '../model/events.ts';
import type { Hypervisor } from '../model/fleet.ts';
import type { Collected, GarbageOn } from '../model/garbage.ts';
import { select } from '../plan/selectors.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface GcInput {
  readonly where: Where;
  /** A selector of hypervisors, or of those that vms are on; default: all. */
  readonly on?: string;
  readonly old: Old;
}

/** What may go; the token for `collectGarbage`. */
export interface Garbage {
  readonly hypervisors: readonly Hypervisor[];
  readonly old: Old;
  readonly found: readonly GarbageOn[];
}

/** Looks for generations that nobody needs; changes nothing. @throws as `knownConfig`; FleetError `select.nothing`; Interrupted */
export async function findGarbage(
  ports: Ports,
  { where, on, old }: GcInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<Garbage> {
  return looking(ports, signal, async (ports) => {
    const { index } = await knownConfig(ports, where, emit);
    const { hypervisors: names } = select(index.fleet, on);
    const hypervisors = index.fleet.hypervisors.filter(({ name }) => names.has(name));
    return {
      hypervisors,
      old,
      found: await ofEach(ports, hypervisors, (host) => findOld(host, old)),
    };
  });
}

/**
 * Of what was found goes what is still old, and what of the store nothing leads to. Whoever asks to stop leaves at once:
 * what has begun goes on there, to its end. @throws Interrupted
 */
export async function collectGarbage(
  ports: Ports,
  { hypervisors, old, found }: Garbage,
  signal: AbortSignal,
): Promise<readonly GarbageOn[]> {
  const shown = new Map(
    found.flatMap(({ hypervisor, answer }) =>
      answer instanceof Error ? [] : [[hypervisor, answer.old]],
    ),
  );
  const wanted = hypervisors.filter(({ name }) => shown.has(name));
  const gone = await looking(ports, signal, (ports) =>
    ofEach(ports, wanted, (host) => collect(host, old, shown.get(host.name) ?? [])),
  ).catch((error) => {
    throw error instanceof Interrupted
      ? new Interrupted('interrupted: a collection that has begun goes on there, to its end')
      : error;
  });
  return [...gone, ...found.filter(({ hypervisor }) => !shown.has(hypervisor))];
}

async function ofEach(
  ports: Ports,
  hypervisors: readonly Hypervisor[],
  ask: (host: Host) => Promise<Collected>,
): Promise<GarbageOn[]> {
  const answers = await askEach(hypervisors, ports, ask);
  return answers.map(({ hypervisor, answer }) => ({ hypervisor: hypervisor.name, answer }));
}
