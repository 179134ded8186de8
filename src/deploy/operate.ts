import { type Cleared, releaseVm, restartVm, stopVm } from '../host/hypervisor/operation.ts';
import type { CheckResult } from '../model/check-result.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import { nicsOf } from '../model/expected.ts';
import type { Facts, Health } from '../model/facts.ts';
import type { Vm } from '../model/fleet.ts';
import { type GuestHealth, isBusy } from '../model/guest-facts.ts';
import type { FleetIndex } from '../model/index.ts';
import { NotHealthy } from '../model/not-healthy.ts';
import type { OperationKind, OperationResult } from '../model/operation-result.ts';
import type { Clock } from '../model/time.ts';
import { checkVm, type VmTarget } from '../plan/checks.ts';
import { bridgeAddressOf, reachedBy } from '../plan/drift.ts';
import { awaitHealthy, type Waiting } from './await-healthy.ts';
import { checkpoint } from './interrupt.ts';
import { probe } from './probes.ts';
import { toldStep, type Watched } from './watched.ts';
import { whyNot } from './why-not.ts';

/** What somebody wants of vms. */
export interface Wish {
  readonly kind: OperationKind;
  /** Kills at once, also what is healthy. */
  readonly isForced: boolean;
  /** Of a stop: until it is released, and not only until the next apply. */
  readonly isHeld: boolean;
  /** user@host. */
  readonly operator: string;
  /** Ms that whoever is at work there is waited for. */
  readonly lockTimeout: number;
}

/** The hypervisor on which it is done. */
export interface Ground {
  readonly index: FleetIndex;
  readonly watched: Watched;
  readonly clock: Clock;
  /** As they were at `seenAt`; the vms have been asked whether they answer. */
  readonly facts: Facts;
  /** By `clock`. */
  readonly seenAt: number;
  readonly signal: AbortSignal;
  /** Names an operation on a vm. */
  readonly newId: (vm: string) => string;
}

type Outcome = Omit<OperationResult, 'name' | 'hypervisor' | 'ms'>;

/** Ms after which what was seen of a vm is no reason any more to leave it alone: others have had their turns since. */
const fresh = 1000;

/**
 * Does it to one vm, and looks at that as a deployment does; `onHealthy` is told when one that was started is healthy
 * first. Does not throw.
 */
export async function operate(
  ground: Ground,
  vm: Vm,
  wish: Wish,
  onHealthy: () => void,
): Promise<OperationResult> {
  const { clock, watched } = ground;
  const began = clock.now();
  const one = new OneVm(ground, vm, wish, onHealthy);
  const work = async () => {
    checkpoint(ground.signal);
    return wish.kind === 'stop' ? one.stop() : one.start();
  };
  const outcome = await work().catch((error) => one.failed(error));
  return {
    ...{ name: vm.name, hypervisor: watched.hypervisor.name },
    ...{ ...outcome, ms: clock.now() - began },
  };
}

class OneVm {
  readonly #ground: Ground;
  readonly #vm: Vm;
  readonly #wish: Wish;
  readonly #onHealthy: () => void;
  /** As it was last seen before anything was done to it. */
  #before: GuestHealth | undefined;
  #id: string | undefined;
  #because: string | undefined;
  #cleared: Partial<Cleared> = {};

  constructor(ground: Ground, vm: Vm, wish: Wish, onHealthy: () => void) {
    this.#vm = vm;
    this.#wish = wish;
    this.#onHealthy = onHealthy;
    const { watched } = ground;
    const emit: Emit = (event) =>
      watched.emit(this.#id === undefined ? event : { ...event, operationId: this.#id });
    this.#ground = { ...ground, watched: { ...watched, emit } };
  }

  /** A restart, too: it asks no guest how it is before. */
  async start(): Promise<Outcome> {
    const { facts } = this.#ground;
    const { kind, isForced } = this.#wish;
    const seen = this.#seen();
    if (kind === 'start' && !isForced && seen.unit.active === 'active') {
      const checks = await this.#isWell();
      if (checks) {
        // Somebody else started it.
        if (facts.stopped.has(this.#vm.name))
          await releaseVm(this.#host, this.#operation(this.#rollout.limits.guest));
        return this.#outcome('already', checks, this.#before?.unit.activeFor);
      }
    }
    await this.#restart();
    return this.#outcome('done', await this.#settled());
  }

  async stop(): Promise<Outcome> {
    const { facts } = this.#ground;
    const { isForced, isHeld } = this.#wish;
    const { stopTimeout, limits } = this.#rollout;
    const { seen } = await this.#look();
    const stopped = facts.stopped.get(this.#vm.name);
    if (!isBusy(seen) && stopped?.isHeld === isHeld) return this.#outcome('already', []);
    const operation = this.#operation(stopTimeout + limits.guest);
    this.#cleared = await this.#told('stop', () =>
      stopVm(this.#host, {
        ...operation,
        ...{ isHeld, taps: this.#taps, stopTimeout: isForced ? 0 : stopTimeout },
      }),
    );
    const target = { ...this.#target(seen.current ?? ''), state: 'stopped' as const };
    return this.#outcome('done', await this.#await(target));
  }

  /** With what the guest said last, where that may be why. */
  async failed(thrown: unknown): Promise<Outcome> {
    const { host, hypervisor } = this.#ground.watched;
    const where = { host, hypervisor: hypervisor.name, vm: this.#vm.name, id: this.#id };
    const failure = await whyNot(thrown, where);
    const isLocked = failure.exitCode === exitCodes.locked;
    return { ...this.#outcome(isLocked ? 'locked' : 'failed', checksOf(failure)), failure };
  }

  /**
   * Everything that was looked at when it is well; undefined for one that is to be started anew. One that has not run
   * for long is given its time: somebody may have started it just now, or it may be about to die again. Meanwhile it
   * keeps its turn, because it may have to be started yet.
   */
  async #isWell(): Promise<readonly CheckResult[] | undefined> {
    const { known, seen } = await this.#look();
    this.#before = seen;
    const { address } = this.#target('').expected;
    const target = this.#target(seen.booted ?? '');
    // What a restart would boot is another question.
    const asks = (checks: readonly CheckResult[]) => checks.filter((c) => c.check !== 'current');
    const checks: CheckResult[] = asks(checkVm(target, known));
    if (checks.every((c) => c.ok))
      checks.push(...(await probe(this.#host, target.name, address, this.#vm.checks)));
    const isWell = checks.every((c) => c.ok);
    const { settle, deadline } = this.#rollout;
    const upFor = (seen.unit.activeFor ?? 0) * 1000;
    if (isWell && upFor >= settle) return checks;
    this.#because = whatIsWrong(checks);
    if (!isWell && (upFor >= deadline || !isBusy(seen))) return undefined;
    try {
      return await this.#await(target, { demanded: ({ check }) => check !== 'current' });
    } catch (error) {
      if (!(error instanceof NotHealthy)) throw error;
      this.#because = whatIsWrong(error.checks);
      return undefined;
    }
  }

  /** As it is now: what was seen of it just now, or another look. */
  async #look(): Promise<{ readonly known: Health; readonly seen: GuestHealth }> {
    const { clock, facts, seenAt, watched } = this.#ground;
    const { address } = this.#target('').expected;
    const isFresh = facts.answers.has(address) && clock.now() - seenAt <= fresh;
    const known: Health = isFresh ? facts : await watched.health([address]);
    return { known, seen: known.vms.get(this.#vm.name) ?? this.#seen() };
  }

  async #restart(): Promise<void> {
    const { facts, watched } = this.#ground;
    const { kind, isForced } = this.#wish;
    const { stopTimeout, limits } = this.#rollout;
    const { name } = this.#vm;
    const seen = this.#seen();
    if (seen.current === undefined)
      throw new FleetError('operation.no-runner', `${name} has no runner that it could start`, {
        hint: `fleet apply --on ${name} builds one; fleet rollback ${name} returns to one there was.`,
      });
    const operation = this.#operation(stopTimeout + limits.guest);
    const deployed = facts.deployed.get(name);
    if (deployed && deployed.path !== seen.current)
      watched.emit({
        type: 'warning',
        hypervisor: watched.hypervisor.name,
        text: `${name} starts what its current says, which is not what was deployed: see fleet plan`,
      });
    if (this.#because !== undefined)
      this.#note(`${name} is not well (${this.#because}): starting it anew`);
    const isIll = kind === 'start' && !isForced;
    const { unit } = this.#before ?? seen;
    const verb = kind === 'start' ? kind : 'restart';
    const { runsAlready, ...cleared } = await this.#told(verb, () =>
      restartVm(this.#host, {
        ...operation,
        ...{ taps: this.#taps, stopTimeout: isForced ? 0 : stopTimeout },
        kind: verb,
        ...(isIll && { life: unit.active === 'active' ? unit.invocation : '' }),
      }),
    );
    this.#cleared = cleared;
    if (runsAlready) this.#note(`${name} was started by somebody else meanwhile`);
  }

  /** Everything that was looked at, once it has held still. @throws NotHealthy */
  #settled(): Promise<readonly CheckResult[]> {
    const how = { onHealthy: this.#onHealthy };
    return this.#await(this.#target(this.#seen().current ?? ''), how);
  }

  #await(
    target: VmTarget,
    how: Pick<Waiting, 'demanded' | 'onHealthy'> = {},
  ): Promise<readonly CheckResult[]> {
    const { clock, signal, watched } = this.#ground;
    const waiting = { checks: this.#vm.checks, rollout: this.#rollout, signal };
    return awaitHealthy(watched, clock, target, { ...waiting, ...how });
  }

  #outcome(outcome: Outcome['outcome'], checks: readonly CheckResult[], upFor?: number): Outcome {
    const { isKilled, strays = [] } = this.#cleared;
    return {
      outcome,
      checks,
      ...(this.#id !== undefined && { id: this.#id }),
      ...(this.#because !== undefined && outcome !== 'already' && { because: this.#because }),
      ...(isKilled && { isKilled }),
      ...(strays.length > 0 && { strays }),
      ...(upFor !== undefined && { upFor: Math.round(upFor) }),
    };
  }

  #seen() {
    const { facts, watched } = this.#ground;
    const seen = facts.vms.get(this.#vm.name);
    if (seen) return seen;
    const { name } = this.#vm;
    throw new FleetError(
      'operation.no-vm',
      `there is no ${name} on ${watched.hypervisor.name} yet`,
      {
        hint: `fleet apply --on ${name} makes it.`,
      },
    );
  }

  #target(runner: string): VmTarget {
    const { facts, index } = this.#ground;
    const expected = reachedBy(index, this.#vm, facts);
    return {
      ...{ name: this.#vm.name, runner, state: 'running', expected },
      ...bridgeAddressOf(index, this.#vm, expected),
    };
  }

  /** From here on events carry its id. @param work ms that it may take, besides waiting for locks */
  #operation(work: number) {
    const { lockTimeout, operator } = this.#wish;
    this.#id = this.#ground.newId(this.#vm.name);
    return { id: this.#id, operator, vm: this.#vm.name, lockTimeout, limit: lockTimeout + work };
  }

  #told<T>(verb: OperationKind, work: () => Promise<T>): Promise<T> {
    const { clock, watched } = this.#ground;
    return toldStep(watched, clock, `${verb} ${this.#vm.name}`, work);
  }

  #note(text: string): void {
    const { watched } = this.#ground;
    watched.emit({ type: 'note', hypervisor: watched.hypervisor.name, text });
  }

  get #taps(): string[] {
    return nicsOf(this.#target('').expected).map(({ tap }) => tap);
  }

  get #rollout() {
    return this.#ground.index.fleet.rollout;
  }

  get #host() {
    return this.#ground.watched.host;
  }
}

/** The first two, as `answers: no answer`. */
function whatIsWrong(checks: readonly CheckResult[]): string {
  const wrong = checks.filter((c) => !c.ok).map(({ check, seen }) => `${check}: ${seen}`);
  return wrong.length > 2 ? [...wrong.slice(0, 2), '…'].join('; ') : wrong.join('; ');
}

const checksOf = (error: FleetError) => (error instanceof NotHealthy ? error.checks : []);
