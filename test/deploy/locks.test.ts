import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { beginAll, type Deployment, lockHeld } from '../../src/deploy/locks.ts';
import { rollOut } from '../../src/deploy/rollout.ts';
import { Session } from '../../src/deploy/session.ts';
import { parseHolder } from '../../src/host/answers/holder.ts';
import type { Host } from '../../src/host/host.ts';
import { answering, stepScript } from '../../src/host/scripts.ts';
import { FleetError } from '../../src/model/errors.ts';
import type { Hypervisor } from '../../src/model/fleet.ts';
import type { Clock } from '../../src/model/time.ts';
import { openDeployment } from '../plan/situation.ts';
import { Refusal } from './fake-hypervisor.ts';
import { manyHypervisors, World, words } from './run.ts';
import { VirtualClock } from './virtual-clock.ts';

const both = ['hv1', 'hv2'];

describe('before anything is changed', () => {
  test('every hypervisor is locked before the commit is made, once', async () => {
    const world = new World();
    const locked: boolean[] = [];
    world.publish = () =>
      locked.push(...both.map((name) => world.host(name).facts.lock !== undefined));
    await world.apply(['web1', 'web2'], both);
    expect(locked).toEqual([true, true]);
    expect(world.published).toBe(1);
  });

  test('a lock that is held by another frees the others again, publishes nothing: exit 5', async () => {
    const world = new World();
    const lock = openDeployment('20250101-0-x', { owner: 'eve@laptop' });
    world.hv2.facts = { ...world.hv2.facts, lock };
    await expect(world.apply(['web1', 'web2'], both)).rejects.toMatchObject({
      code: 'lock.held',
      exitCode: 5,
      message: 'hv2 is locked by eve@laptop (apply 20250101-0-x, started 2025-10-09 08:53 UTC)',
      hint: expect.stringContaining('fleet unlock hv2'),
    });
    expect(words(world.hv1.log)).toEqual(['begin', 'end untouched']);
    expect(words(world.hv2.log)).not.toContain('checkout');
    expect(world.hv1.facts.lock).toBeUndefined();
    // Another's is never taken away.
    expect(world.hv2.facts.lock).toEqual(lock);
    expect(world.published).toBe(0);
  });

  test('a lock without an id is told of without one, and a nameless one with nothing more', () => {
    const told = (row: string) => lockHeld('hv1', parseHolder(row)).message;
    expect(told('-\tthe hypervisor itself\trestart web1\t1760000000')).toBe(
      'hv1 is locked by the hypervisor itself (restart web1, started 2025-10-09 08:53 UTC)',
    );
    expect(told('-')).toBe('hv1 is locked by somebody');
  });

  test('a failing preflight names the hypervisor, keeps its code, and frees the others', async () => {
    const world = new World();
    world.hv2.instead.set('begin', () => new Refusal('preflight.not-root', 'commands run as ops'));
    await expect(world.apply(['web1', 'web2'], both)).rejects.toMatchObject({
      code: 'preflight.not-root',
      exitCode: 1,
      message: 'hv2: commands run as ops',
      detail: 'noise',
    });
    expect(world.hv1.facts.lock).toBeUndefined();
  });

  test('a link that is lost while it begins frees the lock that it may have taken', async () => {
    const world = new World();
    world.hv1.instead.set('begin', () => 'lost');
    await expect(world.apply(['web1', 'web2'], both)).rejects.toMatchObject({ code: 'ssh.lost' });
    expect(world.hv2.facts.lock).toBeUndefined();
    // It cannot be told over a link that is gone: what it began ends by itself.
    world.hv1.lapse();
    expect(world.hv1.facts.lock).toBeUndefined();
    expect(world.hv1.deployments.get(world.id)?.result).toBe('untouched');
  });

  test('the way back is sent along, whole', async () => {
    const world = new World();
    const sent: unknown[] = [];
    const session = world.session('hv1');
    const { host } = session;
    const run = host.run.bind(host);
    host.run = (script, args, options) => {
      sent.push(options?.stdin);
      return run(script, args, options);
    };
    await beginAll(
      [{ session, vms: [] }],
      deployment('a'),
      world.index,
      world.clock,
      new AbortController(),
    );
    expect(sent).toEqual([stepScript('way-back')]);
  });
});

const deployment = (id: string): Deployment => ({
  id,
  operator: `${id}@desk`,
  operation: 'apply',
});

/** Runs of fleet that begin on the same hypervisors; each call takes as long as `delay` says. */
class Contenders {
  readonly world: World;
  readonly clock = new VirtualClock();
  readonly #delay: () => number;

  constructor(hypervisors: number, delay: () => number) {
    this.world = new World(manyHypervisors(hypervisors));
    this.#delay = delay;
  }

  /** Begins on all of them; true when it goes on. */
  async begin(id: string): Promise<boolean> {
    const { index } = this.world;
    const slow: Clock = this.clock;
    const beginnings = index.fleet.hypervisors.map((hypervisor: Hypervisor) => {
      const host = this.world.host(hypervisor.name).connect();
      const run = host.run.bind(host);
      host.run = async (...args) => {
        await slow.sleep(this.#delay());
        const result = await run(...args);
        await slow.sleep(this.#delay());
        return result;
      };
      const session = new Session(
        hypervisor,
        { id, ...index.fleet.rollout },
        host,
        this.world.ports,
        () => {},
      );
      return { session, vms: [] };
    });
    try {
      await beginAll(beginnings, deployment(id), index, slow, new AbortController());
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'lock.held', exitCode: 5 });
      return false;
    }
  }

  get holders(): (string | undefined)[] {
    return [...this.world.hypervisors.values()].map((host) => host.facts.lock?.id);
  }
}

describe('with time to wait for a lock', () => {
  const held = (world: World) => {
    const lock = openDeployment('20250101-0-x', { owner: 'eve@laptop' });
    world.hv2.facts = { ...world.hv2.facts, lock };
  };

  test('it is waited for, told once, and what was planned is done', async () => {
    const world = new World();
    held(world);
    const sleep = world.clock.sleep.bind(world.clock);
    world.clock.sleep = async (ms) => {
      if (world.clock.time > 60_000) world.hv2.facts = { ...world.hv2.facts, lock: undefined };
      await sleep(ms);
    };
    const results = await world.apply(['web1', 'web2'], both, { lockTimeout: 600_000 });
    expect(results.map((r) => r.outcome)).toEqual(['done', 'done']);
    expect(world.published).toBe(1);
    expect(world.notes.filter((note) => note.endsWith('; waiting'))).toEqual([
      'hv2 is locked by eve@laptop (apply 20250101-0-x, started 2025-10-09 08:53 UTC); waiting',
    ]);
  });

  test('it is given up in the end: exit 5', async () => {
    const world = new World();
    held(world);
    const applying = world.apply(['web1', 'web2'], both, { lockTimeout: 10_000 });
    await expect(applying).rejects.toMatchObject({ code: 'lock.held', exitCode: 5 });
    expect(world.clock.time).toBeGreaterThanOrEqual(10_000);
    expect(world.published).toBe(0);
  });

  test('a person who asks to stop does not wait', async () => {
    const world = new World();
    held(world);
    world.clock.sleep = () => new Promise(() => world.interrupt.abort());
    const applying = world.apply(['web1', 'web2'], both, { lockTimeout: 600_000 });
    await expect(applying).rejects.toMatchObject({ code: 'interrupted' });
    expect(world.hv1.facts.lock).toBeUndefined();
  });
});

describe('a hypervisor that is silent while the others begin', () => {
  test('lets go of the others when its time is over', async () => {
    const world = new World();
    world.hv2.before = (name) => {
      if (name === 'begin') throw new FleetError('ssh.timed-out', 'hv2: begin had not ended');
    };
    await expect(world.apply(['web1', 'web2'], both)).rejects.toMatchObject({
      code: 'ssh.timed-out',
      blames: 'world',
    });
    expect(words(world.hv1.log)).toEqual(['begin', 'end untouched']);
    expect(world.published).toBe(0);
  });

  test('keeps nobody who asks to stop', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const world = new World();
    const { input } = silentBegin(world);
    const failing = expect(rollOut(input)).rejects.toMatchObject({ code: 'interrupted' });
    await vi.advanceTimersByTimeAsync(10);
    world.interrupt.abort();
    await vi.advanceTimersByTimeAsync(5000);
    await failing;
    expect(words(world.hv1.log)).toEqual(['begin', 'end untouched']);
    expect(world.published).toBe(0);
  });

  test('is not begun with once somebody asked to stop', async () => {
    const world = new World();
    world.interrupt.abort();
    await expect(world.apply(['web1', 'web2'], both)).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect(world.hv1.log).toEqual([]);
  });
});

/** hv2 answers nothing once it is asked to begin, and hears no end of it. */
function silentBegin(world: World) {
  const input = world.input(['web1', 'web2'], both);
  const host = input.members.find((m) => m.hypervisor === 'hv2')?.host as Host;
  const run = host.run.bind(host);
  host.run = (text, args, options) =>
    text === answering('begin')
      ? new Promise((_, reject) =>
          options?.signal?.addEventListener('abort', () =>
            reject(new FleetError('interrupted', 'interrupted')),
          ),
        )
      : run(text, args, options);
  return { input };
}

describe('of several that begin at once', () => {
  test('and each got a lock, the one with the smaller id goes on, with all of them', async () => {
    // a is first on hv1, b on hv2.
    const order = [0, 50, 10, 10, 10, 0];
    const contenders = new Contenders(2, () => order.shift() ?? 10);
    const { clock } = contenders;
    const [a, b] = await clock.during(Promise.all([contenders.begin('a'), contenders.begin('b')]));
    expect([a, b]).toEqual([true, false]);
    expect(contenders.holders).toEqual(['a', 'a']);
    expect(clock.time).toBeLessThan(2000);
  });

  test('one that has them all already keeps them; the other waits a while and gives up', async () => {
    const contenders = new Contenders(2, () => 10);
    const { clock } = contenders;
    expect(await clock.during(contenders.begin('b'))).toBe(true);
    const since = clock.time;
    expect(await clock.during(contenders.begin('a'))).toBe(false);
    expect(contenders.holders).toEqual(['b', 'b']);
    expect(clock.time - since).toBeGreaterThanOrEqual(10_000);
    expect(clock.time - since).toBeLessThan(12_000);
  });

  test('one whose id is greater does not wait', async () => {
    const contenders = new Contenders(2, () => 10);
    const { clock } = contenders;
    expect(await clock.during(contenders.begin('a'))).toBe(true);
    const since = clock.time;
    expect(await clock.during(contenders.begin('b'))).toBe(false);
    expect(clock.time - since).toBeLessThan(100);
    expect(contenders.holders).toEqual(['a', 'a']);
  });

  test('exactly one goes on, with all locks, however slow the network is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.shuffledSubarray(['a', 'b', 'c', 'd'], { minLength: 2 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 400 })),
        async (hypervisors, ids, delays) => {
          const contenders = new Contenders(hypervisors, () => delays.next().value);
          const begun = ids.map(async (id) => ((await contenders.begin(id)) ? [id] : []));
          const on = (await contenders.clock.during(Promise.all(begun))).flat();
          expect(on).toHaveLength(1);
          expect(new Set(contenders.holders)).toEqual(new Set(on));
        },
      ),
      { numRuns: 150 },
    );
  });
});
