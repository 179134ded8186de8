import { setTimeout as sleep } from 'node:timers/promises';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk, isKnownBad, type Run } from '../scenario/desk.ts';
import type { World, WorldHost } from '../scenario/world.ts';
import { examine, type Facets, type Seen } from './examine.ts';
import type { Candidate } from './judge.ts';
import type { TimedStep } from './moments.ts';
import { addressesOn, fillVolumes, otherSide, type Side, setSide, subject } from './subject.ts';
import { type Line, Watch } from './watch.ts';

/** A world with the fleet under test deployed, and everything known about its two generations. */
export class Ground {
  readonly world: World;
  readonly desk: Desk;
  /** What is deployed, and what is old to the next deployment. */
  side: Side = 'a';
  readonly #sides: Record<Side, Map<string, Facets>> = { a: new Map(), b: new Map() };
  #volumes: ReadonlyMap<string, string> = new Map();
  #journal: readonly Line[] = [];
  #steps: readonly TimedStep[] = [];

  private constructor(world: World) {
    this.world = world;
    this.desk = new Desk(world, 'chaos', subject(world));
  }

  /** Deploys both sides once, undisturbed, and looks at them. */
  static async open(world: World): Promise<Ground> {
    const ground = new Ground(world);
    try {
      await ground.#deployBothSides();
      return ground;
    } catch (error) {
      await ground.close();
      throw error;
    }
  }

  async #deployBothSides(): Promise<void> {
    const { desk, world } = this;
    setSide(desk.data, 'a');
    await desk.open(world.kind === 'sandbox' ? sandboxLock : undefined);
    await desk.apply(0);
    await fillVolumes(desk, Object.keys(desk.data.vms));
    await this.#learn('a');
    desk.edit((data) => setSide(data, 'b'));
    await this.#record(() => desk.apply(0));
    await this.#learn('b');
  }

  async close(): Promise<void> {
    this.desk.close();
    await this.world.stop();
  }

  /** On which faults strike: with two hypervisors, one that others do not wait for. */
  get victim(): WorldHost {
    return this.world.hosts.at(-1) as WorldHost;
  }

  get confirmMs(): number {
    return milliseconds(this.desk.data.rollout.confirm);
  }

  get settleMs(): number {
    return milliseconds(this.desk.data.rollout.settle);
  }

  /** The victim's journal of an undisturbed deployment. */
  get journal(): readonly Line[] {
    return this.#journal;
  }

  get steps(): readonly TimedStep[] {
    return this.#steps;
  }

  get volumes(): ReadonlyMap<string, string> {
    return this.#volumes;
  }

  /** Seen from a deployment that goes from `side` to the other one. */
  candidates(): Candidate[] {
    return [
      { side: 'old', hosts: this.#sides[this.side] },
      { side: 'new', hosts: this.#sides[otherSide(this.side)] },
    ];
  }

  examine(): Promise<Seen[]> {
    const { world, desk } = this;
    return Promise.all(world.hosts.map((host) => examine(host, addressesOn(desk.data, host.name))));
  }

  /** `fleet apply`; with --force where it wants to be told. */
  async apply(): Promise<Run> {
    this.desk.save();
    const run = await this.desk.fleet(['apply', '--yes']);
    return isKnownBad(run) ? this.desk.fleet(['apply', '--yes', '--force']) : run;
  }

  async #learn(side: Side): Promise<void> {
    const seen = await this.examine();
    const left = seen.flatMap((s) => s.markers);
    if (left.length > 0) throw new Error(`left by an undisturbed deployment: ${left.join('; ')}`);
    for (const { host, is } of seen) this.#sides[side].set(host, is);
    this.#volumes = new Map(seen.flatMap((s) => [...s.volumes]));
    this.side = side;
  }

  async #record(deploy: () => Promise<unknown>): Promise<void> {
    const watch = new Watch(this.victim);
    const ended = new AbortController();
    const begun = new Map<string, number>();
    const steps: TimedStep[] = [];
    const follow = watch.until(({ lines }) => {
      for (const { number, name, when } of lines.slice(begun.size + steps.length)) {
        if (when === 'begin') begun.set(number, Date.now());
        else steps.push({ number, name, ms: Date.now() - (begun.get(number) ?? Date.now()) });
      }
      return undefined;
    }, ended.signal);
    await deploy();
    await sleep(50);
    ended.abort();
    await follow;
    this.#journal = watch.look()?.lines ?? [];
    this.#steps = steps;
    if (steps.length === 0)
      throw new Error('the journal of an undisturbed deployment has no steps');
  }
}

/** `300ms`, `6s`. */
const milliseconds = (text: string): number =>
  Number.parseFloat(text) * (text.endsWith('ms') ? 1 : 1000);
