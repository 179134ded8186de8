import type { CheckResult } from '../model/check-result.ts';
import { NotHealthy } from '../model/not-healthy.ts';
import type { Clock } from '../model/time.ts';
import type { Watched } from './watched.ts';

/** Ms between two events about a check that is still failing in the same way. */
const pause = 1000;

/** Emits events while a vm or hypervisor is looked at until its checks pass. */
export class Look {
  readonly #session: Watched;
  readonly #clock: Clock;
  readonly #target: string;
  #toldAt = Number.NEGATIVE_INFINITY;
  #told = '';

  constructor(session: Watched, clock: Clock, target: string) {
    this.#session = session;
    this.#clock = clock;
    this.#target = target;
  }

  /** Some checks do not pass yet: emitted about once a second, and when something else is seen. @param since ms of the clock */
  waiting(checks: readonly CheckResult[], since: number, limitMs: number): void {
    const failing = checks.filter((c) => !c.ok);
    const seen = failing.map((c) => `${c.target}\t${c.check}\t${c.seen}`).join('\n');
    const now = this.#clock.now();
    if (failing.length === 0 || (seen === this.#told && now - this.#toldAt < pause)) return;
    this.#told = seen;
    this.#toldAt = now;
    this.#tell('waiting', failing, { ms: now - since, limitMs });
  }

  passed(checks: readonly CheckResult[]): void {
    this.#tell('passed', checks);
  }

  /** Emits which checks failed. @returns what to throw */
  failed(why: string, checks: readonly CheckResult[], hint?: string): NotHealthy {
    this.#tell(
      'failed',
      checks.filter((c) => !c.ok),
    );
    return new NotHealthy(this.#target, why, checks, hint);
  }

  #tell(
    state: 'waiting' | 'passed' | 'failed',
    checks: readonly CheckResult[],
    time: { readonly ms?: number; readonly limitMs?: number } = {},
  ): void {
    const hypervisor = this.#session.hypervisor.name;
    this.#session.emit({
      type: 'checks',
      hypervisor,
      target: this.#target,
      state,
      checks,
      ...time,
    });
  }
}
