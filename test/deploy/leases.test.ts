import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keepLeases } from '../../src/deploy/leases.ts';
import { World } from './run.ts';

const confirm = 8000;
const both = ['hv1', 'hv2'];

describe('for as long as a deployment goes on', () => {
  let world: World;
  let end: () => void;
  let sessions: ReturnType<World['session']>[];
  const renewals = (name: string) =>
    world.host(name).seen.filter((line) => line.startsWith('renew')).length;
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  beforeEach(() => {
    vi.useFakeTimers();
    world = new World();
    sessions = both.map((name) => world.session(name));
    end = keepLeases(sessions, confirm);
  });
  afterEach(() => {
    end();
    vi.useRealTimers();
  });

  test('every hypervisor hears of us often enough for one message to be lost', async () => {
    await pass(confirm);
    for (const name of both) expect(renewals(name)).toBeGreaterThanOrEqual(3);
    end();
    const before = renewals('hv1');
    await pass(5 * confirm);
    expect(renewals('hv1')).toBe(before);
  });

  test('one that is busy with a step keeps the time itself', async () => {
    let done = () => {};
    const step = new Promise<void>((resolve) => {
      done = resolve;
    });
    const busy = sessions[0]?.during('a step', () => step);
    await pass(confirm);
    expect([renewals('hv1'), renewals('hv2') > 0]).toEqual([0, true]);
    done();
    await busy;
    await pass(confirm);
    expect(renewals('hv1')).toBeGreaterThan(0);
  });

  test('one message at a time: a slow hypervisor is not told again and again', async () => {
    let waiting = 0;
    world.hv1.before = async () => {
      waiting += 1;
      await new Promise((wake) => setTimeout(wake, 3 * confirm));
    };
    await pass(2 * confirm);
    expect(waiting).toBe(1);
    expect(renewals('hv2')).toBeGreaterThan(4);
  });

  test('a lost connection is made anew, without waiting for anybody to need it', async () => {
    world.hv1.instead.set('renew', () => (renewals('hv1') === 1 ? 'cut' : undefined));
    const connections = () => world.hv1.seen.filter((line) => line === 'connect').length;
    const before = connections();
    await pass(confirm);
    expect(connections()).toBe(before + 1);
    expect(renewals('hv1')).toBeGreaterThan(2);
  });

  test('one that is out of reach, or went back, keeps nobody from going on', async () => {
    world.hv1.unreachable = true;
    world.hv2.instead.set('renew', () => 70);
    await pass(2 * confirm);
    world.hv1.unreachable = false;
    await pass(confirm);
    expect(renewals('hv1')).toBeGreaterThan(0);
    expect(renewals('hv2')).toBeGreaterThan(4);
  });
});
