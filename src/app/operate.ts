import { type Contact, connectAll } from '../deploy/connect-all.ts';
import { Interrupted } from '../deploy/interrupt.ts';
import { type ExitCode, exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import { expectedOf } from '../model/expected.ts';
import type { ExportResult } from '../model/export-result.ts';
import type { Vm } from '../model/fleet.ts';
import { isExporting } from '../model/guest-keys.ts';
import type { FleetIndex } from '../model/index.ts';
import type { OperationKind, OperationResult } from '../model/operation-result.ts';
import { dependencyOrder } from '../model/order.ts';
import { selectNamed } from '../plan/selectors.ts';
import { exportOf } from './export.ts';
import { looking } from './looking.ts';
import { type ChosenOperation, operateInTurns } from './operate-in-turns.ts';
import { beforeEach, hinderedBy, stagesOf } from './operation-order.ts';
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

export type { ChosenOperation } from './operate-in-turns.ts';

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
    const contacts = await contactAll(ports, index, vms);
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

/** Looks at the hypervisors of these vms, which are asked whether they answer. */
function contactAll(ports: Ports, index: FleetIndex, vms: readonly Vm[]): Promise<Contact[]> {
  const on = Map.groupBy(vms, (vm) => vm.on);
  return connectAll(
    index.fleet.hypervisors.filter(({ name }) => on.has(name)),
    ports,
    (name) => (on.get(name) ?? []).map((vm) => expectedOf(vm, index.networks).address),
    () => false,
    'vms',
  );
}

export interface Operated {
  /** In the order of the vms that were chosen. */
  readonly results: readonly OperationResult[];
  /** Of those that run now. */
  readonly exports: readonly ExportResult[];
  readonly exitCode: ExitCode;
}

/**
 * Does it, to vms side by side: none starts before those that it depends on are healthy, nor stops before those that depend
 * on it have; where one fails, those behind it are left alone. `maxParallelVms` come up at a time; while they settle the
 * next do. Vms that wait for a restart are taken onto what was built for them by a deployment, in its turn.
 * Asked to stop it leaves at once: what has begun is finished by its hypervisor, without anybody.
 * @throws Interrupted
 */
export async function operate(
  ports: Ports,
  chosen: ChosenOperation,
  emit: Emit,
  signal: AbortSignal,
): Promise<Operated> {
  const { index, vms, wish } = chosen;
  const before = beforeEach(index, vms, wish.kind);
  const order = wish.kind === 'stop' ? vms.toReversed() : vms;
  const stages = stagesOf(order, before, (vm) => wish.kind === 'restart' && isWaiting(chosen, vm));
  const results = new Map<string, OperationResult>();
  const untouched = (vm: Vm): OperationResult | undefined => {
    const because = hinderedBy(vm, before, results, wish.kind);
    if (because === undefined) return undefined;
    const { name, on: hypervisor } = vm;
    emit({ type: 'note', hypervisor, text: `${name} untouched: ${because}` });
    return { ...{ name, hypervisor, outcome: 'untouched', because }, ms: 0, checks: [] };
  };
  let { contacts } = chosen;
  const opened: Contact[] = [];
  try {
    for (const stage of stages) {
      const silent = new Set(contacts.flatMap((c) => (c.host ? [] : c.hypervisor.name)));
      const reached = stage.vms.filter((vm) => stage.isWaiting && !silent.has(vm.on));
      for (const vm of reached) {
        const result = untouched(vm);
        if (result) results.set(vm.name, result);
      }
      const waiting = reached.filter(({ name }) => !results.has(name));
      const given = { index, contacts, lockTimeout: wish.lockTimeout };
      for (const result of await restartWaiting(ports, given, waiting, emit, signal))
        results.set(result.name, result);
      if (waiting.length > 0 && signal.aborted)
        throw new Interrupted('interrupted: what had not begun is as it was');
      const single = stage.vms.filter(({ name }) => !results.has(name));
      const turns = { vms: single, before, untouched, results };
      await orLeave(signal, operateInTurns(ports, { ...chosen, contacts }, turns, emit, signal));
      // The deployment has closed its connections.
      const closed = new Set(waiting.map((vm) => vm.on));
      const isLeft = (vm: Vm) => !results.has(vm.name) || isExporting(vm);
      const left = vms.filter((vm) => closed.has(vm.on) && isLeft(vm));
      if (left.length === 0) continue;
      const look = (ports: Ports) => contactAll(ports, index, left);
      const anew = await orLeave(signal, looking(ports, signal, look, true));
      opened.push(...anew);
      const of = new Map(anew.map((contact) => [contact.hypervisor.name, contact]));
      contacts = contacts.map((contact) => of.get(contact.hypervisor.name) ?? contact);
    }
    const all = vms.flatMap(({ name }) => results.get(name) ?? []);
    const running = vms.filter(({ name }) => {
      const outcome = results.get(name)?.outcome;
      return wish.kind !== 'stop' && outcome !== undefined && isWell(outcome);
    });
    const exports = await orLeave(
      signal,
      exportOf(ports, index, contacts, running.filter(isExporting)),
    );
    const isFetched = exports.every(({ outcome }) => outcome !== 'failed');
    const exitCode = exitCodeOf(all);
    return {
      results: all,
      exports,
      exitCode: exitCode === exitCodes.ok && !isFetched ? exitCodes.failed : exitCode,
    };
  } finally {
    for (const { host } of opened) host?.close();
  }
}

/** After others a guest's files are not asked for. */
const isWell = (outcome: OperationResult['outcome']) => outcome === 'done' || outcome === 'already';

/** Whether something was built for it that nothing has booted yet. */
function isWaiting({ contacts }: ChosenOperation, { name, on }: Vm): boolean {
  const facts = contacts.find((c) => c.hypervisor.name === on)?.facts;
  return facts !== undefined && !(facts instanceof Error) && facts.waiting.has(name);
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
