import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type SandboxWorld, sandboxWorld } from '../sandbox/world.ts';
import { isKnownBad, type Run, type Running } from '../scenario/desk.ts';
import type { WorldHost } from '../scenario/world.ts';
import { Ground } from './ground.ts';
import { judge, type Outcome } from './judge.ts';
import { otherSide, setSide } from './subject.ts';
import { isQuiet, type Line, Watch } from './watch.ts';

/** Beyond the time to confirm. */
const limitMs = 30_000;

/** What an attack on one deployment needs: a sandbox with the fleet under test deployed. */
export class Attack {
  readonly world: SandboxWorld;
  readonly ground: Ground;

  private constructor(world: SandboxWorld, ground: Ground) {
    this.world = world;
    this.ground = ground;
  }

  static async open(): Promise<Attack> {
    const world = await sandboxWorld(1);
    return new Attack(world, await Ground.open(world));
  }

  get host(): WorldHost {
    return this.ground.victim;
  }

  /** Begins to deploy the other side and waits until its journal has the line. */
  async deployUntil(
    name: string,
    when: Line['when'],
    ...more: readonly string[]
  ): Promise<Running> {
    const { desk, side } = this.ground;
    desk.edit((data) => setSide(data, otherSide(side)));
    const watch = new Watch(this.host);
    const fleet = desk.start(['apply', '--yes', ...more]);
    const ended = new AbortController();
    void fleet.ended.finally(() => ended.abort());
    const isThere = await watch.until(
      ({ lines }) => lines.some((l) => l.name === name && l.when === when) || undefined,
      ended.signal,
    );
    if (isThere) return fleet;
    const run = await fleet.ended;
    if (more.length === 0 && isKnownBad(run)) return this.deployUntil(name, when, '--force');
    throw new Error(`no ${name} ${when}:\n${run.stdout}${run.stderr}`);
  }

  /** The same, with fleet killed there. */
  async killedAt(name: string, when: Line['when']): Promise<void> {
    const fleet = await this.deployUntil(name, when);
    fleet.kill('SIGKILL');
    await fleet.ended;
  }

  /** Waits, without doing anything, until the hypervisor is at a side and has nothing pending. */
  async comesTo(side: Outcome, ignored = /^$/): Promise<void> {
    const { ground } = this;
    const end = Date.now() + ground.confirmMs + limitMs;
    for (let next = 0; ; await sleep(200)) {
      // It takes a hundred processes: seldom while a deployment is at work, as far as files tell.
      if (!isQuiet(this.host) && Date.now() < next) continue;
      next = Date.now() + 2000;
      const seen = (await ground.examine()).map((s) => ({
        ...s,
        markers: s.markers.filter((marker) => !ignored.test(marker)),
      }));
      const verdict = judge(seen, ground.candidates(), ground.volumes);
      if (verdict.outcome === side) return;
      if (Date.now() > end) expect(verdict).toMatchObject({ outcome: side, wrong: [] });
    }
  }

  /** The next apply ends well and leaves everything new. */
  async appliesNow(ignored?: RegExp): Promise<void> {
    expectCode(await this.ground.apply(), 0);
    await this.comesTo('new', ignored);
    this.ground.side = otherSide(this.ground.side);
  }
}

export function expectCode(run: Run, code: number): void {
  expect(run.code, `${run.stdout}${run.stderr}`).toBe(code);
}

/** A few of what is dear to make, for many who need one each for a while. */
export class Pool<T> {
  readonly #open: () => Promise<T>;
  readonly #close: (one: T) => Promise<void>;
  readonly #free: (T | undefined)[];
  readonly #waiting: (() => void)[] = [];

  constructor(size: number, open: () => Promise<T>, close: (one: T) => Promise<void>) {
    this.#free = Array.from({ length: size }, () => undefined);
    this.#open = open;
    this.#close = close;
  }

  /** One that something went wrong with is not used again. */
  async with(work: (one: T) => Promise<void>): Promise<void> {
    while (this.#free.length === 0) await new Promise<void>((go) => this.#waiting.push(go));
    let one = this.#free.pop();
    try {
      one ??= await this.#open();
      await work(one);
    } catch (error) {
      if (one) await this.#close(one);
      one = undefined;
      throw error;
    } finally {
      this.#free.push(one);
      this.#waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    for (const one of this.#free) if (one) await this.#close(one);
  }
}
