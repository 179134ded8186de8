import type { Clock } from '../../src/model/time.ts';

/** Time that jumps to the next sleeper as soon as nothing else goes on: sleeps overlap as real ones do. */
export class VirtualClock implements Clock {
  time: number = 0;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.time;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ at: this.time + ms, wake }));
  }

  /** Lets time pass until `work` has ended. */
  async during<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    work.then(over, over);
    for (;;) {
      // Everything that can go on without time passing.
      await new Promise((done) => setImmediate(done));
      if (isOver) return work;
      const next = this.#sleepers.reduce((a, b) => (b.at < a.at ? b : a), {
        at: Number.POSITIVE_INFINITY,
        wake: () => {
          throw new Error('nobody sleeps, and it does not end');
        },
      });
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next);
      this.time = Math.max(this.time, next.at);
      next.wake();
    }
  }
}
