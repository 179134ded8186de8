import { parse } from 'yaml';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk, type FleetData } from '../scenario/desk.ts';
import type { World } from '../scenario/world.ts';
import { examine, type Seen } from './examine.ts';
import { fillVolumes } from './subject.ts';

/** A world with two operators at desks of their own, and what is known of its fleet. */
export class RandomGround {
  readonly world: World;
  readonly desks: readonly [Desk, Desk];
  /** What is deployed. */
  data: FleetData;
  /** Vms that were rolled back by hand and are held since. */
  readonly held = new Set<string>();
  readonly volumes = new Map<string, string>();
  /** Every runner that a vm was seen on. */
  readonly runners = new Map<string, Set<string>>();

  private constructor(world: World, data: FleetData) {
    this.world = world;
    this.data = data;
    this.desks = [new Desk(world, 'chaos', data), new Desk(world, 'chaos', data)];
  }

  static async open(world: World, data: FleetData): Promise<RandomGround> {
    const ground = new RandomGround(world, data);
    const [first, second] = ground.desks;
    try {
      await first.open(world.kind === 'sandbox' ? sandboxLock : undefined);
      await first.apply(0);
      await second.join(first);
      await ground.fillNewVolumes();
      return ground;
    } catch (error) {
      await ground.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const desk of this.desks) desk.close();
    await this.world.stop();
  }

  get confirmMs(): number {
    return Number.parseFloat(this.data.rollout.confirm) * 1000;
  }

  examine(addresses: ReadonlyMap<string, readonly string[]>): Promise<Seen[]> {
    return Promise.all(this.world.hosts.map((h) => examine(h, addresses.get(h.name) ?? [])));
  }

  /** The operator pulls, whatever is lying about at the desk; the commit that is then there. */
  async pull(desk: Desk): Promise<string> {
    await desk.git('fetch', '-q', 'origin');
    await desk.git('reset', '-q', '--hard', 'origin/main');
    await desk.git('clean', '-fdq');
    desk.data = parse(desk.read('fleet.yaml'));
    return desk.git('rev-parse', 'HEAD');
  }

  /** Commits since one, the youngest first. */
  async commitsSince(commit: string): Promise<string[]> {
    const [desk] = this.desks;
    await desk.git('fetch', '-q', 'origin');
    const list = await desk.git('rev-list', `${commit}..origin/main`);
    return list === '' ? [] : list.split('\n');
  }

  /** What was seen becomes what is known: new volumes are filled, runners remembered. */
  async fillNewVolumes(): Promise<void> {
    const [desk] = this.desks;
    desk.data = this.data;
    const seen = await this.examine(new Map());
    const all = seen.flatMap((s) => [...s.volumes.keys()]);
    const fresh = all.filter((name) => !this.volumes.has(name)).map((name) => name.split(' ')[0]);
    await fillVolumes(
      desk,
      fresh.filter((vm) => vm !== undefined && this.data.vms[vm]) as string[],
    );
    for (const { volumes, is } of fresh.length > 0 ? await this.examine(new Map()) : seen) {
      for (const [name, hash] of volumes)
        if (this.data.vms[name.split(' ')[0] ?? '']) this.volumes.set(name, hash);
      for (const [name, path] of is) {
        const [vm = '', what] = name.split(' ');
        if (what !== 'current') continue;
        this.runners.set(vm, (this.runners.get(vm) ?? new Set()).add(path));
      }
    }
  }
}
