import type { Host } from '../host/host.ts';
import { type ExitCode, exitCodes, type FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Facts } from '../model/facts.ts';
import { failureOf } from '../model/failure.ts';
import type { Hypervisor, Rollout } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import type { HypervisorResult } from '../model/result.ts';
import { confirmAll } from './confirm.ts';
import { addressesOf, type Context, desiredTarget } from './context.ts';
import { keepFailure } from './failure.ts';
import { explained } from './host-fault.ts';
import { checkpoint, Interrupted } from './interrupt.ts';
import { keepLeases } from './leases.ts';
import { lockHypervisor } from './lock-hypervisor.ts';
import { beginAll, type Deployment, endAll } from './locks.ts';
import { inParallel } from './parallel.ts';
import type { Part } from './part.ts';
import type { Ports } from './ports.ts';
import { asFleetError, putBack } from './put-back.ts';
import { Session } from './session.ts';
import type { Work } from './work.ts';

/** A hypervisor with something to do, and the connection that its facts came over. */
export interface Member {
  readonly hypervisor: string;
  readonly host: Host;
  readonly facts: Facts;
  /** Vms that may be changed: the way back returns these to their runners. */
  readonly vms: readonly string[];
}

export interface RolloutInput {
  readonly deployment: Deployment;
  readonly index: FleetIndex;
  readonly members: readonly Member[];
  /** Hypervisors that go first, alone. */
  readonly canary: ReadonlySet<string>;
  readonly onFailure: Rollout['onFailure'];
  readonly ports: Ports;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** When aborted, nobody waits for the end any more, and all connections are closed. */
  readonly giveUp?: AbortSignal;
  /** Ms to wait for locks that others hold. Default: 0. */
  readonly lockTimeout?: number;
  /** Takes the locks of all hypervisors, or none. Default: begins. A resumed deployment has them already. */
  readonly enter?: (sessions: readonly Session[]) => Promise<void>;
  /** Called when all are locked, with fresh facts: decides what to do, commits and pushes. May refuse. */
  readonly plan: (before: ReadonlyMap<string, Facts>) => Promise<ReadonlyMap<string, Work>>;
  /** Of a resumed deployment: what was there before it, and the vms that it may have changed. */
  readonly recall?: (
    session: Session,
    now: Facts,
  ) => { readonly before: Facts; readonly targets: readonly string[] };
  /** Called when the outcome is known and every lock is free. Must not throw. */
  readonly afterwards?: (
    results: readonly HypervisorResult[],
    before: ReadonlyMap<string, Facts>,
  ) => Promise<void>;
}

/**
 * Locks → commit, push → everything is built everywhere → canaries, then the rest, at most
 * `maxParallel` at a time → confirmed. With `revert-fleet` no hypervisor is confirmed before all are
 * healthy: until then each of them rolls back by itself unless it hears from fleet.
 * @throws when no hypervisor was changed
 */
export async function rollOut(input: RolloutInput): Promise<HypervisorResult[]> {
  const { index, emit, deployment } = input;
  const { rollout } = index.fleet;
  const { confirm } = rollout;
  const sessions = input.members.map(
    ({ hypervisor, host }) =>
      new Session(
        index.hypervisors.get(hypervisor) as Hypervisor,
        { id: deployment.id, ...rollout },
        host,
        input.ports,
        emit,
      ),
  );
  const beginnings = sessions.map((session, i) => ({ session, vms: input.members[i]?.vms ?? [] }));
  // Leases are kept from now on, because a hypervisor that has begun may wait for the rest.
  const endLeases = keepLeases(sessions, confirm);
  let begun = false;
  const close = () => {
    for (const session of sessions) session.close();
  };
  input.giveUp?.addEventListener('abort', close, { once: true });
  try {
    // If somebody asked to stop before anything began, nothing is locked, committed or pushed.
    checkpoint(input.signal);
    emit({ type: 'phase', phase: 'lock' });
    if (input.enter) await input.enter(sessions);
    else await beginAll(beginnings, deployment, index, input.ports.clock, input);
    begun = !input.enter;
    checkpoint(input.signal);
    const parts = await makeParts(input, sessions);
    const results = await new Run(input, parts).all();
    endLeases();
    // Locks are free first: a remote that hangs must not keep hypervisors locked.
    await input.afterwards?.(results, new Map(parts.map((p) => [p.name, p.ctx.before])));
    return results;
  } catch (error) {
    // A run does not throw, so nothing was changed yet, except perhaps by the fleet that began a resumed deployment.
    // That one is left as it is: it can be resumed again, or rolls back by itself.
    if (begun) {
      const failure = asFleetError(error);
      await Promise.all(sessions.map((s) => keepFailure(s, s.hypervisor.name, failure)));
      await endAll(sessions, 'untouched');
    }
    throw error;
  } finally {
    endLeases();
    input.giveUp?.removeEventListener('abort', close);
    close();
  }
}

async function makeParts(input: RolloutInput, sessions: readonly Session[]): Promise<Part[]> {
  const { index, members, ports, emit, signal } = input;
  const now = await Promise.all(
    sessions.map((session, i) => {
      const facts = members[i]?.facts as Facts;
      return session.facts(addressesOf(index, session.hypervisor.name, facts));
    }),
  );
  checkpoint(signal);
  const works = await input.plan(
    new Map(sessions.map((s, i) => [s.hypervisor.name, now[i] as Facts])),
  );
  return sessions.map((session, i): Part => {
    const { name } = session.hypervisor;
    const facts = now[i] as Facts;
    const { before, targets } = input.recall?.(session, facts) ?? { before: facts, targets: [] };
    session.bootId = before.bootId;
    const ctx: Context = {
      index,
      session,
      clock: ports.clock,
      emit,
      signal,
      before,
      seenHealthy: new Map(),
    };
    // Of a resumed deployment: a guest that was started already needs nothing more than a look.
    for (const vm of index.vmsOn(name)) {
      const runner = facts.vms.get(vm.name)?.current;
      if (runner && targets.includes(vm.name))
        ctx.seenHealthy.set(vm.name, desiredTarget(ctx, vm, runner));
    }
    return { ctx, work: works.get(name) as Work, name, state: 'waiting' };
  });
}

class Run {
  readonly #input: RolloutInput;
  readonly #parts: readonly Part[];
  /** Aborted when hypervisors that are under way have to stop, too. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  /** The first that failed; no other begins after it, unless only this one rolls back. */
  #failed: Part | undefined;

  constructor(input: RolloutInput, parts: readonly Part[]) {
    this.#input = input;
    this.#signal = AbortSignal.any([input.signal, this.#stop.signal]);
    this.#parts = parts.map((part) => ({ ...part, ctx: { ...part.ctx, signal: this.#signal } }));
  }

  async all(): Promise<HypervisorResult[]> {
    const { signal } = this.#input;
    const tell = () => {
      for (const { ctx, state } of this.#parts) {
        if (state === 'waiting' || state === 'ready')
          ctx.session.note('interrupted: finishing the current step, then rolling back');
        if (state === 'confirming' || state === 'confirmed')
          ctx.session.note('interrupted after it was confirmed: it keeps what was deployed');
      }
    };
    signal.addEventListener('abort', tell, { once: true });
    try {
      return await this.#all();
    } finally {
      signal.removeEventListener('abort', tell);
    }
  }

  async #all(): Promise<HypervisorResult[]> {
    const { canary, emit, index } = this.#input;
    const { maxParallel } = index.fleet.rollout;
    for (const part of this.#parts)
      emit({ type: 'hypervisor', hypervisor: part.name, state: 'begin' });
    await inParallel(this.#parts, maxParallel, (part) => this.#prepare(part));
    const first = this.#parts.filter((part) => canary.has(part.name));
    const rest = this.#parts.filter((part) => !canary.has(part.name));
    if (canary.size > 0 && first.length === 0)
      rest[0]?.ctx.session.note('no canary selected; all hypervisors start together');
    for (const group of [first, rest])
      await inParallel(group, maxParallel, (part) => this.#activate(part));
    if (this.#input.onFailure === 'revert-fleet' && !this.#failed) {
      const ready = this.#parts.filter((part) => part.state === 'ready');
      this.#failed = await confirmAll(ready, this.#signal);
    }
    await this.#finish();
    return this.#parts.map((part) => part.result as HypervisorResult);
  }

  get #isOver(): boolean {
    return (
      this.#signal.aborted ||
      (this.#failed !== undefined && this.#input.onFailure !== 'revert-hypervisor')
    );
  }

  async #prepare(part: Part): Promise<void> {
    if (this.#isOver) return;
    try {
      await part.work.prepare(part.ctx);
    } catch (error) {
      this.#fail(part, error);
    }
  }

  async #activate(part: Part): Promise<void> {
    if (this.#isOver || part.failure) return;
    try {
      checkpoint(this.#signal);
      part.ctx = await lockHypervisor(part.ctx);
      part.outcome = await part.work.activate(part.ctx);
      part.state = 'ready';
      if (this.#input.onFailure === 'revert-fleet') {
        if (this.#parts.length > 1)
          part.ctx.session.note('healthy, waiting for the other hypervisors');
        return;
      }
      if (await confirmAll([part], this.#signal)) throw part.failure;
      if (part.failure) this.#failed ??= part;
    } catch (error) {
      this.#fail(part, error);
      // At once, because its guests may be down. The others roll back beside it: it may be gone for long.
      part.ending = this.#putBack(part);
      if (this.#input.onFailure !== 'revert-fleet') await part.ending;
    }
  }

  #fail(part: Part, error: unknown): void {
    // Being cut short because a person asked to stop is not a failure.
    if (this.#input.signal.aborted) part.failure = new Interrupted();
    else if (!this.#stop.signal.aborted) part.failure = asFleetError(error);
    this.#failed ??= part;
    if (this.#input.onFailure === 'revert-fleet') this.#stop.abort();
  }

  /** Ends the deployment everywhere: confirmed hypervisors keep what they have, the others roll back. */
  async #finish(): Promise<void> {
    const isWhole = this.#failed === undefined;
    await Promise.all(
      this.#parts.map(async (part) => {
        if (part.ending) return part.ending;
        if (part.state === 'confirmed' && (isWhole || this.#input.onFailure !== 'revert-fleet')) {
          await this.#end(part, { outcome: 'done', lines: part.outcome?.lines ?? [] });
        } else if (
          part.state === 'in-doubt' &&
          (isWhole || this.#input.onFailure !== 'revert-fleet')
        ) {
          await this.#end(part, { outcome: 'in-doubt', lines: [] });
        } else await this.#putBack(part);
      }),
    );
  }

  async #putBack(part: Part): Promise<void> {
    const { session } = part.ctx;
    if (part.failure?.code === 'interrupted') session.note(part.failure.message);
    else if (part.failure) this.#tellFailure(part, part.failure);
    else if (part.state !== 'waiting') session.note('rolling back with the others');
    session.phase('roll-back');
    // Not waited for, because guests may be down. If it cannot be written now, it can be afterwards.
    const kept = this.#keepFailure(part);
    const { world, ...how } = await putBack(part.ctx);
    let isKept = await kept;
    if (part.failure) {
      const failure = explained(part.failure, world);
      if (failure !== part.failure) {
        session.note(failure.message);
        isKept = false;
      }
      part.failure = failure;
    }
    if (!isKept) await this.#keepFailure(part);
    await this.#end(part, how);
  }

  #tellFailure({ name }: Part, failure: FleetError): void {
    this.#input.emit({ type: 'failure', hypervisor: name, failure: failureOf(failure) });
  }

  async #keepFailure(part: Part): Promise<boolean> {
    const cause = part.failure ? part : this.#failed;
    if (!cause?.failure) return true;
    return keepFailure(part.ctx.session, cause.name, cause.failure);
  }

  /** Its result is known, and its lock free: the others may have to wait long for one that is gone. */
  async #end(part: Part, how: Pick<HypervisorResult, 'outcome' | 'lines'>): Promise<void> {
    const { failure, name } = part;
    const other = this.#failed;
    // A hypervisor that stopped because a person asked to has not failed.
    const isOthers = other && other.name !== name && other.failure?.code !== 'interrupted';
    part.state = 'ended';
    part.result = {
      hypervisor: name,
      ...how,
      ...(failure && { failure }),
      ...(!failure &&
        how.outcome !== 'done' && {
          because: isOthers ? `${other.name} failed` : 'interrupted',
        }),
    };
    const { because } = part.result;
    this.#input.emit({
      type: 'hypervisor',
      hypervisor: name,
      state: 'end',
      outcome: how.outcome,
      ...(failure && { failure: failureOf(failure) }),
      ...(because !== undefined && { because }),
    });
    // Only the hypervisor knows how it ends when that is in doubt. One that this does not reach ends by itself.
    if (how.outcome !== 'in-doubt') await endAll([part.ctx.session], how.outcome);
  }
}

/** The exit code for the outcome on all of them. */
export function exitCodeOf(results: readonly HypervisorResult[]): ExitCode {
  const has = (outcome: HypervisorResult['outcome']) => results.some((r) => r.outcome === outcome);
  if (has('rollback-failed') || has('in-doubt')) return exitCodes.rollbackFailed;
  if (!results.some((r) => r.failure ?? r.because)) return exitCodes.ok;
  // Part of the fleet is on the new commit.
  if (results.some((r) => r.outcome === 'done' && r.lines.length > 0)) return exitCodes.halted;
  // 1 and 5 promise that no hypervisor was changed.
  if (has('rolled-back')) return exitCodes.rolledBack;
  const codes = results.flatMap(({ failure }) => failure?.code ?? []);
  const isLocked = codes.length > 0 && codes.every((code) => code === 'lock.operation');
  return isLocked ? exitCodes.locked : exitCodes.failed;
}
