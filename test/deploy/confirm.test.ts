import { describe, expect, test } from 'vitest';
import { unit, withEntry } from '../plan/situation.ts';
import { World, words } from './run.ts';

/** What a hypervisor saw after the last guest was changed, without repeated looks. */
function lastPart(world: World): string[] {
  const { seen } = world.hv1;
  const from = seen.findLastIndex((line) => line.startsWith('vm-update'));
  return words(seen.slice(from + 1)).filter((word, i, all) => word !== all[i - 1]);
}

describe('the last look', () => {
  test('is over a fresh connection; the boot default is set after it, the confirmation last', async () => {
    const world = new World();
    await world.apply(['hv1', 'web1']);
    expect(lastPart(world)).toEqual([
      'health',
      'connect',
      'health',
      'switch boot',
      'confirm',
      'end done',
    ]);
  });

  test('asks every guest that was changed, and the hypervisor when it was switched', async () => {
    const world = new World();
    await world.apply(['hv1', 'db1', 'web1']);
    const look = world.hv1.seen.findLast((line) => line.startsWith('health'));
    expect(look).toBe('health 10.2.0.2 10.1.0.2');
  });

  /** After the guest was found healthy, something happens to the hypervisor. */
  function later(world: World, harm: () => void): void {
    world.hv1.before = (name) => {
      if (name === 'health' && world.hv1.seen.at(-1) === 'connect') harm();
    };
  }

  test.each<[string, (world: World) => void, RegExp]>([
    [
      'a guest that answers no more',
      (w) => w.hv1.mute.add('/nix/store/new-web1'),
      /web1 answers: expected ping, seen no answer/,
    ],
    [
      'a guest that stopped',
      (w) => w.hv1.vm('web1', { unit: unit('failed') }),
      /web1 microvm@: expected active, seen failed/,
    ],
    [
      'a runner that somebody changed',
      (w) => w.hv1.vm('web1', { current: '/nix/store/by-hand' }),
      /web1 current: .*seen \/nix\/store\/by-hand/,
    ],
    [
      'a bridge that is gone',
      (w) => {
        const { facts } = w.hv1;
        w.hv1.facts = { ...facts, interfaces: withEntry(facts.interfaces, 'br-front', undefined) };
      },
      /hv1 bridge br-front: .*seen nothing/,
    ],
  ])('finds %s: not confirmed, put back, boot default untouched', async (_, harm, seen) => {
    const world = new World();
    let isLate = false;
    later(world, () => {
      if (words(world.hv1.log).at(-1) !== 'vm-update web1' || isLate) return;
      isLate = true;
      harm(world);
    });
    const [result] = await world.apply(['hv1', 'web1']);
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      failure: { code: 'verify.not-healthy', message: 'hv1 did not stay healthy' },
    });
    expect(result?.failure?.detail).toMatch(seen);
    expect(words(world.hv1.log)).not.toContain('switch boot');
    expect(words(world.hv1.log)).not.toContain('confirm');
    expect(world.clock.time).toBeLessThan(120_000);
  });

  test('forgives one lost ping, and lets the hypervisor hear of us meanwhile', async () => {
    const world = new World();
    let looks = 0;
    later(world, () => {
      if (words(world.hv1.log).at(-1) === 'vm-update web1' && ++looks === 1)
        world.hv1.mute.add('/nix/store/new-web1');
    });
    const sleep = world.clock.sleep.bind(world.clock);
    world.clock.sleep = async (ms) => {
      if (looks > 0) world.hv1.mute.clear();
      await sleep(ms);
    };
    expect((await world.apply(['web1']))[0]?.outcome).toBe('done');
    expect(lastPart(world)).toEqual([
      'health',
      'connect',
      'health',
      'renew',
      'health',
      'confirm',
      'end done',
    ]);
  });

  test('that cannot connect is a failure, though the connection there was still holds', async () => {
    const world = new World();
    let cutAt: number | undefined;
    const connect = async () => {
      cutAt ??= world.clock.time;
      const isBack = world.clock.time - cutAt > 100_000;
      if (isBack) world.hv1.lapse();
      world.hv1.unreachable = !isBack;
      return world.hv1.connect();
    };
    const ports = { ...world.ports, connector: { connect } };
    const [result] = await world.apply(['web1'], ['hv1'], { ports });
    expect(result).toMatchObject({ outcome: 'rolled-back', failure: { code: 'ssh.timed-out' } });
    expect(words(world.hv1.log)).not.toContain('confirm');
  });
});

describe('a confirmation', () => {
  test('that arrived, though the link went before its answer, is one', async () => {
    const world = new World();
    let sent = 0;
    world.hv1.instead.set('confirm', () => (++sent === 1 ? 'lost' : undefined));
    const [result] = await world.apply(['web1']);
    expect(result).toMatchObject({ outcome: 'done' });
    expect(sent).toBe(2);
    expect(world.hv1.facts.deployed.get('web1')?.path).toBe('/nix/store/new-web1');
  });

  test('that did not arrive is sent again', async () => {
    const world = new World();
    let sent = 0;
    world.hv1.instead.set('confirm', () => (++sent === 1 ? 'cut' : undefined));
    expect((await world.apply(['web1']))[0]?.outcome).toBe('done');
    expect(world.hv1.deployments.get(world.id)?.decided).toBe('confirmed');
  });

  test('that comes too late is none: the hypervisor went back', async () => {
    const world = new World();
    world.hv1.before = (name) => {
      if (name === 'confirm') world.hv1.lapse();
    };
    const [result] = await world.apply(['web1']);
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      failure: { code: 'back.taken' },
      lines: ['web1 runs as before'],
    });
    expect(world.hv1.facts.deployed.get('web1')?.path).toBe('/nix/store/old-web1');
  });

  test('does not follow a boot default that cannot be set', async () => {
    const world = new World();
    world.hv1.instead.set('switch', ([, , mode]) => (mode === 'boot' ? 1 : undefined));
    const [result] = await world.apply(['hv1']);
    expect(result).toMatchObject({ outcome: 'rolled-back' });
    expect(words(world.hv1.log)).not.toContain('confirm');
    expect(world.hv1.facts.systemProfile).toBe('/nix/store/old-system');
  });

  test('is enough: a link that goes before the end changes nothing about it', async () => {
    const world = new World();
    world.hv1.instead.set('end', () => {
      world.hv1.unreachable = true;
      return 'cut';
    });
    expect((await world.apply(['web1']))[0]?.outcome).toBe('done');
    expect(world.hv1.facts.lock).toBeDefined();
    // The hypervisor writes down by itself what is deployed now, and frees the lock.
    world.hv1.lapse();
    expect(world.hv1.facts.lock).toBeUndefined();
    expect(world.hv1.facts.deployed.get('web1')?.path).toBe('/nix/store/new-web1');
    expect(world.hv1.facts.vms.get('web1')?.booted).toBe('/nix/store/new-web1');
  });
});
