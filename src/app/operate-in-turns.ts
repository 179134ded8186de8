import type { Contact } from '../deploy/connect-all.ts';
import { oneLook } from '../deploy/one-look.ts';
import { operate as operateOne, type Wish } from '../deploy/operate.ts';
import { inTurns } from '../deploy/parallel.ts';
import { asFleetError } from '../deploy/put-back.ts';
import { readHealth } from '../host/hypervisor/look.ts';
import type { Emit } from '../model/events.ts';
import { failureOf } from '../model/failure.ts';
import type { Vm } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import type { OperationResult } from '../model/operation-result.ts';
import { newId } from './new-deployment.ts';
import type { Before } from './operation-order.ts';
import type { Ports } from './ports.ts';

/** What is done, and to whom. Its connections are open: to be closed. */
export interface ChosenOperation {
  readonly index: FleetIndex;
  readonly wish: Wish;
  /** In the order of their dependencies. */
  readonly vms: readonly Vm[];
  readonly contacts: readonly Contact[];
  close(): void;
}

export interface Turns {
  /** Each behind those before it. */
  readonly vms: readonly Vm[];
  readonly before: Before;
  /** Asked when it is a vm's turn: its result where it is left alone. */
  readonly untouched: (vm: Vm) => OperationResult | undefined;
  /** What became of each is added. */
  readonly results: Map<string, OperationResult>;
}

/** Does it to single vms, each in its turn, on all hypervisors side by side. */
export async function operateInTurns(
  ports: Pick<Ports, 'clock'>,
  chosen: ChosenOperation,
  { vms, before, untouched, results }: Turns,
  emit: Emit,
  signal: AbortSignal,
): Promise<void> {
  const { wish } = chosen;
  const work = [...Map.groupBy(vms, (vm) => vm.on)].map(async ([name, own]) => {
    const targets = wish.kind === 'stop' ? [] : own.map((vm) => vm.name);
    emit({ type: 'phase', phase: 'guests', hypervisor: name, targets });
    const one = operator(ports, chosen, name, emit, signal);
    const turn = async (vm: Vm, endTurn: () => void): Promise<OperationResult> => {
      // Asked to stop, those before it were left, and did not fail.
      const result = (signal.aborted ? undefined : untouched(vm)) ?? (await one(vm, endTurn));
      results.set(vm.name, result);
      return result;
    };
    const all = await inTurns(own, atOnce(chosen), (vm) => before.get(vm) ?? [], turn);
    if (all.every(({ outcome, failure }) => !failure && outcome !== 'untouched'))
      emit({ type: 'hypervisor', hypervisor: name, state: 'end', outcome: 'done' });
  });
  await Promise.all(work);
}

/** How many at a time. What stops takes nothing from others. */
const atOnce = ({ index, wish }: ChosenOperation): number =>
  wish.kind === 'stop' ? manyAtOnce : index.fleet.rollout.maxParallelVms;
/** As many sessions for work that lasts as a connection has (host/ssh/turns.ts): of another one nobody could say that it has begun. */
const manyAtOnce = 5;

/** Does it to single vms of a hypervisor, which is looked at once for all of them. */
function operator(
  { clock }: Pick<Ports, 'clock'>,
  { contacts, index, wish }: ChosenOperation,
  hypervisor: string,
  emit: Emit,
  signal: AbortSignal,
): (vm: Vm, onHealthy: () => void) => Promise<OperationResult> {
  const contact = contacts.find((c) => c.hypervisor.name === hypervisor);
  const { host, facts, seenAt = 0 } = contact ?? {};
  if (!host || !facts || facts instanceof Error) {
    const failure = asFleetError(facts);
    return async ({ name }) => ({
      ...{ name, hypervisor, outcome: 'failed', ms: 0, checks: [], failure },
    });
  }
  const health = oneLook((asked) => readHealth(host, asked));
  const watched = { hypervisor: { name: hypervisor }, host, emit, health };
  const id = (name: string) => `${newId({ clock })}-${name}`.slice(0, 100);
  const ground = { index, watched, clock, facts, seenAt, signal, newId: id };
  return async (vm, onHealthy) => {
    const result = await operateOne(ground, vm, wish, onHealthy);
    const { checks, failure, id } = result;
    const at = { hypervisor, ...(id !== undefined && { operationId: id }) };
    if (failure) emit({ type: 'failure', ...at, failure: failureOf(failure) });
    else if (wish.kind !== 'stop')
      emit({ type: 'checks', ...at, target: vm.name, state: 'passed', checks });
    return result;
  };
}
