import { type Contact, connectAll } from '../deploy/connect-all.ts';
import { Interrupted } from '../deploy/interrupt.ts';
import { oneLook } from '../deploy/one-look.ts';
import { operate as operateOne, type Wish } from '../deploy/operate.ts';
import { inTurns } from '../deploy/parallel.ts';
import { asFleetError } from '../deploy/put-back.ts';
import { readHealth } from '../host/hypervisor/look.ts';
import { type ExitCode, exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import { expectedOf } from '../model/expected.ts';
import type { ExportResult } from '../model/export-result.ts';
import { failureOf } from '../model/failure.ts';
import type { Vm } from '../model/fleet.ts';
import { isExporting } from '../model/guest-keys.ts';
import type { FleetIndex } from '../model/index.ts';
import type { OperationKind, OperationResult } from '../model/operation-result.ts';
import { dependencyOrder } from '../model/order.ts';
import { selectNamed } from '../plan/selectors.ts';
import { exportOf } from './export.ts';
import { looking } from './looking.ts';
import { newId } from './new-deployment.ts';
import type { Ports } from './ports.ts';
import { restartWaiting } from './restart-waiting.ts';
import { sayUnknownState } from './unknown-state.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface OperateInput {
  readonly where: Where;
  readonly kind: OperationKind;
  /** Selectors, at least one. */
  readonly names: readonly string[];
  /** Kills at once, also what is healthy. */
  readonly isForced?: boolean;
  /** Of a stop: until it is released. Default: until the next apply. */
  readonly isHeld?: boolean;
  /** Ms that are waited for whoever is at work there. Default: 0. */
  readonly lockTimeout?: number;
}

/** What is done, and to whom. Its connections are open: to be closed. */
export interface ChosenOperation {
  readonly index: FleetIndex;
  readonly wish: Wish;
  /** In the order of their dependencies. */
  readonly vms: readonly Vm[];
  readonly contacts: readonly Contact[];
  close(): void;
}

/**
 * Finds the vms that are meant, and looks at their hypervisors; the result is the token for `operate`. One that does not
 * answer costs its own vms only. Needs fleet.yaml and ssh, and neither git nor Nix.
 * @throws FleetError `select.nothing`, `operation.no-vms`; as `knownConfig`; Interrupted
 */
export async function chooseOperation(
  ports: Ports,
  { where, kind, names, isForced = false, isHeld = false, lockTimeout = 0 }: OperateInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<ChosenOperation> {
  const choose = async (ports: Ports): Promise<ChosenOperation> => {
    const { index } = await knownConfig(ports, where, emit);
    const targets = selectNamed(index.fleet, names).targets;
    const vms = dependencyOrder(index.fleet.vms).filter((vm) => targets.has(vm.name));
    if (vms.length === 0)
      throw new FleetError('operation.no-vms', `${names.join(', ')}: there is no vm on it`, {
        exitCode: exitCodes.usage,
      });
    const on = new Set(vms.map((vm) => vm.on));
    const contacts = await connectAll(
      index.fleet.hypervisors.filter(({ name }) => on.has(name)),
      ports,
      (name) => vms.filter((vm) => vm.on === name).map((vm) => addressOf(index, vm)),
    );
    sayUnknownState(contacts, emit);
    const { operator } = ports;
    return {
      ...{ index, vms, contacts, wish: { kind, isForced, isHeld, lockTimeout, operator } },
      close: () => {
        for (const { host } of contacts) host?.close();
      },
    };
  };
  return looking(ports, signal, choose, true);
}

const addressOf = (index: FleetIndex, vm: Vm) => expectedOf(vm, index.networks).address;

export interface Operated {
  /** In the order of the vms that were chosen. */
  readonly results: readonly OperationResult[];
  /** Of those that run now. */
  readonly exports: readonly ExportResult[];
  readonly exitCode: ExitCode;
}

/**
 * Does it, to vms side by side: none starts before those that it depends on are healthy, or have failed, nor stops before
 * those that depend on it have, or have failed to. `maxParallelVms` come up at a time; while they settle the next do.
 * Asked to stop it leaves at once: what has begun is finished by its hypervisor, without anybody.
 * @throws Interrupted
 */
export async function operate(
  ports: Ports,
  chosen: ChosenOperation,
  emit: Emit,
  signal: AbortSignal,
): Promise<Operated> {
  const { vms, wish } = chosen;
  const waiting = vms.filter((vm) => wish.kind === 'restart' && isWaiting(chosen, vm));
  const given = { ...chosen, lockTimeout: wish.lockTimeout };
  const renewed = await restartWaiting(ports, given, waiting, emit, signal);
  const others = vms.filter((vm) => !waiting.includes(vm));
  const order = wish.kind === 'stop' ? others.toReversed() : others;
  const work = [...Map.groupBy(order, (vm) => vm.on)].map(async ([name, own]) => {
    const targets = wish.kind === 'stop' ? [] : own.map((vm) => vm.name);
    emit({ type: 'phase', phase: 'guests', hypervisor: name, targets });
    const one = operator(ports, chosen, name, emit, signal);
    const needed = new Map(own.map((vm) => [vm, neededBy(chosen.index, vm)]));
    const needs = (vm: Vm) =>
      own.filter((other) =>
        wish.kind === 'stop' ? needed.get(other)?.has(vm.name) : needed.get(vm)?.has(other.name),
      );
    const results = await inTurns(own, atOnce(chosen), needs, one);
    if (results.every(({ failure }) => !failure))
      emit({ type: 'hypervisor', hypervisor: name, state: 'end', outcome: 'done' });
    return results;
  });
  const all = await orLeave(signal, Promise.all(work));
  const byName = new Map([...renewed, ...all.flat()].map((result) => [result.name, result]));
  const results = vms.flatMap(({ name }) => byName.get(name) ?? []);
  const running = vms.filter(({ name }) => {
    const outcome = byName.get(name)?.outcome;
    return wish.kind !== 'stop' && outcome !== undefined && !unwell.includes(outcome);
  });
  const exports = await orLeave(
    signal,
    exportOf(ports, chosen.index, chosen.contacts, running.filter(isExporting)),
  );
  const isFetched = exports.every(({ outcome }) => outcome !== 'failed');
  const exitCode = exitCodeOf(results);
  return {
    results,
    exports,
    exitCode: exitCode === exitCodes.ok && !isFetched ? exitCodes.failed : exitCode,
  };
}

/** After them a guest's files are not asked for. */
const unwell: readonly OperationResult['outcome'][] = ['failed', 'locked'];

/** Whether something was built for it that nothing has booted yet. */
function isWaiting({ contacts }: ChosenOperation, { name, on }: Vm): boolean {
  const facts = contacts.find((c) => c.hypervisor.name === on)?.facts;
  return facts !== undefined && !(facts instanceof Error) && facts.waiting.has(name);
}

/** What a vm depends on, and all that this depends on: what is between two may not be among the chosen. */
function neededBy({ vms }: FleetIndex, vm: Vm): ReadonlySet<string> {
  const found = new Set(vm.dependsOn);
  // A set grows while it is walked.
  for (const name of found)
    for (const further of vms.get(name)?.dependsOn ?? []) found.add(further);
  return found;
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
  const { host, facts } = contact ?? {};
  if (!host || !facts || facts instanceof Error) {
    const failure = asFleetError(facts);
    return async ({ name }) => ({
      ...{ name, hypervisor, outcome: 'failed', ms: 0, checks: [], failure },
    });
  }
  const health = oneLook((asked) => readHealth(host, asked));
  const watched = { hypervisor: { name: hypervisor }, host, emit, health };
  const id = (name: string) => `${newId({ clock })}-${name}`.slice(0, 100);
  const ground = { index, watched, clock, facts, seenAt: clock.now(), signal, newId: id };
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

function exitCodeOf(results: readonly OperationResult[]): ExitCode {
  if (results.some(({ outcome }) => outcome === 'failed')) return exitCodes.failed;
  return results.some(({ outcome }) => outcome === 'locked') ? exitCodes.locked : exitCodes.ok;
}

/** What `work` gives, unless somebody asks to stop first. */
async function orLeave<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop = () => {};
  const left = new Promise<never>((_, reject) => {
    stop = () =>
      reject(
        new Interrupted('interrupted: what had begun is finished without fleet (fleet history)'),
      );
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, left]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
