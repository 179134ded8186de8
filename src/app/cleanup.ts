import { type Answer, askEach } from '../deploy/connect-all.ts';
import { deleteLeftovers, findLeftovers, type Owned } from '../host/hypervisor/leftovers.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Hypervisor } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import {
  type Cleaned,
  type CleanedOn,
  hasData,
  type Leftovers,
  type LeftoversOn,
  vmOf,
} from '../model/leftovers.ts';
import { select } from '../plan/selectors.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface CleanupInput {
  readonly where: Where;
  /** A selector of hypervisors, or of those that vms are on; default: all. */
  readonly on?: string;
  /** Vms that left, whose volumes are to go, too. */
  readonly volumes: readonly string[];
}

/** What may go; the token for `cleanUp`. */
export interface Found {
  readonly index: FleetIndex;
  readonly found: readonly LeftoversOn[];
}

/**
 * Looks for what nobody owns any more; changes nothing.
 * @throws FleetError `cleanup.no-volumes` for a vm nothing of which was set aside; `select.nothing`; as `knownConfig`; Interrupted
 */
export async function findUnowned(
  ports: Ports,
  { where, on, volumes }: CleanupInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<Found> {
  return looking(ports, signal, async (ports) => {
    const { index } = await knownConfig(ports, where, emit);
    const { hypervisors: names } = select(index.fleet, on);
    const wanted = index.fleet.hypervisors.filter(({ name }) => names.has(name));
    const answers = await askEach(wanted, ports, (host, { name }) =>
      findLeftovers(host, ownedOn(index, name)),
    );
    const found = named(answers);
    for (const vm of volumes) if (!hasVolumes(found, vm)) throw noVolumes(vm, found);
    return { index, found };
  });
}

/** Those that may go: without data, or named. */
export function mayGo(
  found: readonly LeftoversOn[],
  volumes: ReadonlySet<string>,
): readonly LeftoversOn[] {
  return found.flatMap(({ hypervisor, answer }) => {
    if (answer instanceof Error) return [];
    const things = answer.things.filter((thing) => !hasData(thing) || volumes.has(vmOf(thing)));
    return things.length === 0 ? [] : [{ hypervisor, answer: { ...answer, things } }];
  });
}

/**
 * Deletes what was shown, as far as nobody owns it by then. Whoever asks to stop leaves at once: what is left goes with
 * the next, also what was half deleted.
 * @param chosen of what was found
 * @throws Interrupted
 */
export async function cleanUp(
  ports: Ports,
  { index }: Found,
  chosen: readonly LeftoversOn[],
  signal: AbortSignal,
): Promise<readonly CleanedOn[]> {
  const of = new Map(chosen.map(({ hypervisor, answer }) => [hypervisor, answer]));
  const wanted = index.fleet.hypervisors.filter(({ name }) => of.has(name));
  return looking(ports, signal, async (ports) =>
    named(
      await askEach(wanted, ports, (host, { name }) =>
        deleteLeftovers(host, ownedOn(index, name), (of.get(name) as Leftovers).things),
      ),
    ),
  );
}

const named = <T extends Leftovers | Cleaned>(answers: readonly Answer<T>[]) =>
  answers.map(({ hypervisor, answer }) => ({ hypervisor: hypervisor.name, answer }));

function ownedOn(index: FleetIndex, hypervisor: Hypervisor['name']): Owned {
  const vms = index.vmsOn(hypervisor);
  return {
    vms: vms.map(({ name }) => name),
    taps: vms.flatMap(({ nics }) => nics.map(({ tap }) => tap)),
    bridges: index.networksOn(hypervisor).map(({ bridge }) => bridge),
  };
}

const hasVolumes = (found: readonly LeftoversOn[], vm: string): boolean => volumesIn(found).has(vm);

const volumesIn = (found: readonly LeftoversOn[]): Set<string> =>
  new Set(
    found.flatMap(({ answer }) =>
      answer instanceof Error ? [] : answer.things.filter(hasData).map(vmOf),
    ),
  );

function noVolumes(vm: string, found: readonly LeftoversOn[]): FleetError {
  const there = [...volumesIn(found)];
  const silent = found.flatMap(({ hypervisor, answer }) =>
    answer instanceof Error ? [hypervisor] : [],
  );
  const unknown = silent.length > 0 ? ` (not asked: ${silent.join(', ')})` : '';
  return new FleetError('cleanup.no-volumes', `no volumes of ${vm} were set aside${unknown}`, {
    exitCode: exitCodes.usage,
    hint:
      there.length > 0
        ? `There are some of ${there.join(', ')}.`
        : 'Only those of a vm that left the fleet can go: take it out of fleet.yaml, then fleet apply.',
  });
}
