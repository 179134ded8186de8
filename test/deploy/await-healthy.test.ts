import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { awaitHealthy } from '../../src/deploy/await-healthy.ts';
import { expectedOf } from '../../src/model/expected.ts';
import type { Check } from '../../src/model/fleet.ts';
import { NotHealthy } from '../../src/model/not-healthy.ts';
import type { VmTarget } from '../../src/plan/checks.ts';
import { unit } from '../plan/situation.ts';
import { World } from './run.ts';

const rollout = { settle: 15_000, deadline: 60_000 };
const runner = '/nix/store/old-web1';

/** What a guest is like for a while. */
interface Phase {
  readonly ms: number;
  readonly invocation: string;
  readonly active?: string;
  readonly virtiofsd?: string;
  readonly answers?: boolean;
}

/** A guest that goes through phases, the last of which stays; `seen` is every look at it. */
class Guest {
  readonly world = new World();
  readonly seen: { at: number; life: string; healthy: boolean }[] = [];
  readonly #phases: readonly Phase[];

  constructor(phases: readonly Phase[]) {
    this.#phases = phases;
    const { hv1, clock } = this.world;
    hv1.instead.set('health', () => {
      // Looking takes time, too.
      clock.time += 40;
      const now = this.#phase();
      const { invocation, active = 'active', virtiofsd = active, answers = true } = now;
      hv1.vm('web1', { unit: unit(active, { invocation }), virtiofsd: unit(virtiofsd) });
      if (answers) hv1.mute.delete(runner);
      else hv1.mute.add(runner);
      this.seen.push({
        at: clock.time,
        life: invocation,
        healthy: answers && active === 'active',
      });
      return undefined;
    });
  }

  #phase(): Phase {
    let left = this.world.clock.time;
    const found = this.#phases.find((phase) => {
      left -= phase.ms;
      return left < 0;
    });
    return found ?? (this.#phases.at(-1) as Phase);
  }

  async healthy(
    state: VmTarget['state'] = 'running',
    of: Partial<VmTarget> = {},
    checks: readonly Check[] = [],
  ) {
    const { world } = this;
    const vm = world.index.vms.get('web1');
    if (!vm) throw new Error('no web1');
    const session = world.session('hv1');
    const target: VmTarget = {
      name: 'web1',
      runner,
      state,
      expected: expectedOf(vm, world.index.networks),
      ...of,
    };
    const { signal } = world.interrupt;
    return awaitHealthy(session, world.clock, target, { checks, rollout, signal });
  }
}

const outcome = (guest: Guest) =>
  guest.healthy().then(
    () => 'healthy',
    (error: Error) => (error instanceof NotHealthy ? error.message : Promise.reject(error)),
  );

describe('a guest', () => {
  test('that stays up is healthy after the settle time, counted from its first healthy answer', async () => {
    const guest = new Guest([
      { ms: 20_000, invocation: 'a', answers: false },
      { ms: 1, invocation: 'a' },
    ]);
    expect(await outcome(guest)).toBe('healthy');
    expect(guest.world.clock.time).toBeGreaterThanOrEqual(35_000);
    expect(guest.world.clock.time).toBeLessThan(38_000);
  });

  test('that systemd started again died, and that is said at once', async () => {
    const guest = new Guest([
      { ms: 3000, invocation: 'a' },
      { ms: 1, invocation: 'b' },
    ]);
    expect(await outcome(guest)).toBe('web1 died and was restarted by systemd');
    expect(guest.world.clock.time).toBeLessThan(5000);
  });

  test('that has no shares, and no virtiofsd, is not missed when it dies either', async () => {
    const guest = new Guest([
      { ms: 3000, invocation: 'a', virtiofsd: 'inactive' },
      { ms: 1, invocation: 'b', virtiofsd: 'inactive' },
    ]);
    const { world } = guest;
    const web1 = { ...world.index.vms.get('web1')!, store: 'disk' } as const;
    const expected = expectedOf(web1, world.index.networks);
    await expect(guest.healthy('running', { expected })).rejects.toThrow(/died/);
  });

  test('that died before it ever answered died, too', async () => {
    const guest = new Guest([
      { ms: 3000, invocation: 'a', answers: false },
      { ms: 1, invocation: 'b', answers: false },
    ]);
    expect(await outcome(guest)).toMatch(/died/);
  });

  test('that somebody restarted within the settle time is not the one that was looked at', async () => {
    const guest = new Guest([
      { ms: 10_000, invocation: 'a' },
      { ms: 1, invocation: 'b' },
    ]);
    expect(await outcome(guest)).toMatch(/died/);
  });

  test('that never answers is given up after the deadline, with what was seen', async () => {
    const guest = new Guest([{ ms: 1, invocation: 'a', answers: false }]);
    await expect(guest.healthy()).rejects.toMatchObject({
      message: 'web1 is not healthy after 60 s',
      detail: 'web1 answers: expected ping, seen no answer',
    });
    expect(guest.world.clock.time).toBeGreaterThanOrEqual(60_000);
    expect(guest.world.clock.time).toBeLessThan(63_000);
  });

  test.each([
    { within: 5000, given: 'sooner than the deadline', atLeast: 5000 },
    { within: 90_000, given: 'longer than the deadline', atLeast: 90_000 },
    { within: undefined, given: 'the deadline', atLeast: 60_000 },
  ])('whose check has $given to succeed is given up then', async ({ within, atLeast }) => {
    const guest = new Guest([{ ms: 1, invocation: 'a' }]);
    const check: Check = { kind: 'tcp', port: 5432, ...(within && { withinMs: within }) };
    await expect(guest.healthy('running', {}, [check])).rejects.toMatchObject({
      message: `web1 is not healthy after ${atLeast / 1000} s`,
      detail: expect.stringContaining('tcp 5432'),
    });
    expect(guest.world.clock.time).toBeGreaterThanOrEqual(atLeast);
    expect(guest.world.clock.time).toBeLessThan(atLeast + 3000);
  });

  test('that never answers has the deadline for it, whatever its checks have', async () => {
    const guest = new Guest([{ ms: 1, invocation: 'a', answers: false }]);
    const check: Check = { kind: 'tcp', port: 5432, withinMs: 600_000 };
    await expect(guest.healthy('running', {}, [check])).rejects.toThrow('after 60 s');
  });

  test('that answers just before the deadline still gets its settle time', async () => {
    const guest = new Guest([
      { ms: 58_000, invocation: 'a', answers: false },
      { ms: 1, invocation: 'a' },
    ]);
    expect(await outcome(guest)).toBe('healthy');
  });

  test('that flickers is not watched for ever', async () => {
    const phases = Array.from(
      { length: 100 },
      (_, n): Phase => ({ ms: 9000, invocation: 'a', answers: n % 2 === 0 }),
    );
    const guest = new Guest(phases);
    expect(await outcome(guest)).toMatch(/not healthy/);
    expect(guest.world.clock.time).toBeLessThanOrEqual(77_000);
  });

  test('on another runner than the one built is not healthy, however well it answers', async () => {
    const guest = new Guest([{ ms: 1, invocation: 'a' }]);
    await expect(guest.healthy('running', { runner: '/nix/store/other' })).rejects.toMatchObject({
      detail: [
        'web1 current: expected /nix/store/other, seen /nix/store/old-web1',
        'web1 booted: expected /nix/store/other, seen /nix/store/old-web1',
      ].join('\n'),
    });
  });

  test('that should be stopped is looked at once, and must be', async () => {
    const off = new Guest([{ ms: 1, invocation: '', active: 'inactive' }]);
    await expect(off.healthy('stopped')).resolves.toHaveLength(2);
    expect(off.seen).toHaveLength(1);
    const on = new Guest([{ ms: 1, invocation: 'a' }]);
    await expect(on.healthy('stopped')).rejects.toThrow('web1 did not stop');
  });

  test('is not waited for when somebody interrupts', async () => {
    const guest = new Guest([{ ms: 1, invocation: 'a' }]);
    guest.world.interrupt.abort();
    await expect(guest.healthy()).rejects.toMatchObject({ code: 'interrupted' });
  });
});

test('healthy always means: the same life, and well at every look, over the settle time', async () => {
  const phase = fc.record({
    ms: fc.integer({ min: 100, max: 20_000 }),
    invocation: fc.constantFrom('a', 'a', 'b', 'c'),
    active: fc.constantFrom('active', 'active', 'active', 'activating', 'failed'),
    answers: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(phase, { minLength: 1, maxLength: 6 }), async (phases) => {
      const guest = new Guest(phases);
      const said = await outcome(guest);
      const end = guest.world.clock.time;
      expect(end).toBeLessThanOrEqual(rollout.deadline + rollout.settle + 2000);
      if (said !== 'healthy') return;
      const since = guest.seen.findLastIndex((look) => look.at <= end - rollout.settle);
      expect(since).toBeGreaterThanOrEqual(0);
      const looks = guest.seen.slice(since);
      expect(looks.every((look) => look.healthy)).toBe(true);
      expect(new Set(looks.map((look) => look.life)).size).toBe(1);
      // Often enough that RestartSec=5s could not have hidden a death.
      for (const [i, look] of looks.entries()) {
        if (i > 0) expect(look.at - (looks[i - 1]?.at ?? 0)).toBeLessThan(2000);
      }
    }),
    { numRuns: 150 },
  );
});
