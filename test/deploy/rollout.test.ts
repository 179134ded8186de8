import { describe, expect, test, vi } from 'vitest';
import { graceMs } from '../../src/deploy/put-back.ts';
import { exitCodeOf } from '../../src/deploy/rollout.ts';
import type { Outcome, Work } from '../../src/deploy/work.ts';
import { FleetError } from '../../src/model/errors.ts';
import type { HypervisorResult } from '../../src/model/result.ts';
import { failure } from '../repo/sandbox.ts';
import { manyHypervisors, World, words } from './run.ts';
import { VirtualClock } from './virtual-clock.ts';

const hypervisors = ['hv1', 'hv2', 'hv3'];
const webs = ['web1', 'web2', 'web3'];

/** Three hypervisors with a guest each, all of which get another runner; what ran, in its order. */
class Three extends World {
  readonly order: string[] = [];

  constructor(rollout: string) {
    super(manyHypervisors(3, rollout));
    for (const [name, host] of this.hypervisors) {
      host.before = async (script, args) => {
        // Each at its own pace, as over a network.
        await new Promise((done) => setImmediate(done));
        if (script !== 'facts' && script !== 'health')
          this.order.push(`${words([[script, ...args].join(' ')])} on ${name}`);
      };
    }
  }

  all(): Promise<HypervisorResult[]> {
    return this.apply(webs, hypervisors);
  }

  ran(what: string): string[] {
    return this.order.filter((line) => line.startsWith(what)).map((line) => line.slice(-3));
  }

  booted(): (string | undefined)[] {
    return webs.map((web, i) =>
      this.host(`hv${i + 1}`)
        .facts.vms.get(web)
        ?.booted?.slice(11),
    );
  }
}

const fates = (results: readonly HypervisorResult[]) =>
  results.map(
    ({ outcome, failure, because }) =>
      `${outcome}${failure ? ` (${failure.code})` : ''}${because ? `: ${because}` : ''}`,
  );
const old = ['old-web1', 'old-web2', 'old-web3'];

describe('a rollout', () => {
  test('prepares everywhere before it activates anywhere, and confirms when all are healthy', async () => {
    const world = new Three('{}');
    const results = await world.all();
    expect(fates(results)).toEqual(['done', 'done', 'done']);
    expect(exitCodeOf(results)).toBe(0);
    const first = (what: string) => world.order.findIndex((line) => line.startsWith(what));
    const last = (what: string) => world.order.findLastIndex((line) => line.startsWith(what));
    expect(last('begin')).toBeLessThan(first('checkout'));
    expect(last('build')).toBeLessThan(first('vm-update'));
    expect(last('vm-update')).toBeLessThan(first('confirm'));
    expect(last('confirm')).toBeLessThan(first('end'));
    expect(world.published).toBe(1);
  });

  test('is never at more of them at a time than maxParallel', async () => {
    const world = new World(manyHypervisors(5, '{ maxParallel: 2 }'));
    const names = [...world.hypervisors.keys()];
    const now = { prepare: 0, activate: 0 };
    const most = { prepare: 0, activate: 0 };
    const busy = async (at: keyof typeof now) => {
      now[at] += 1;
      most[at] = Math.max(most[at], now[at]);
      await new Promise((done) => setTimeout(done, 5));
      now[at] -= 1;
    };
    const nothing: Outcome = { lines: [], recorded: [], released: [], held: [] };
    const work: Work = {
      prepare: () => busy('prepare'),
      activate: async () => {
        await busy('activate');
        return nothing;
      },
    };
    await world.apply([], names, { plan: async () => new Map(names.map((name) => [name, work])) });
    expect(most).toEqual({ prepare: 2, activate: 2 });
  });

  test('tells how it went once the locks are free: what hears of it may hang', async () => {
    const world = new Three('{}');
    world.hv2.mute.add('/nix/store/new-web2');
    const told: unknown[] = [];
    await world.apply(webs, hypervisors, {
      afterwards: async (results, before) => {
        told.push(fates(results));
        for (const host of world.hypervisors.values()) {
          expect(host.facts.lock).toBeUndefined();
          expect(before.get(host.name)?.checkout?.commit).toBe('a'.repeat(40));
        }
      },
    });
    expect(told).toEqual([
      ['rolled-back: hv2 failed', 'rolled-back (verify.not-healthy)', 'rolled-back: hv2 failed'],
    ]);
    for (const host of world.hypervisors.values()) expect(host.facts.lock).toBeUndefined();
  });

  test('whose plan refuses, or whose push does, changes nothing and frees all locks', async () => {
    const world = new Three('{}');
    world.publish = () => {
      throw new FleetError('git.moved-on', 'the remote moved on');
    };
    await expect(world.all()).rejects.toMatchObject({ code: 'git.moved-on', exitCode: 1 });
    for (const name of hypervisors) {
      expect(words(world.host(name).log)).toEqual(['begin', 'end untouched']);
      expect(world.host(name).facts.lock).toBeUndefined();
    }
  });
});

describe('a hypervisor that is gone for good while its guest is updated', () => {
  test('is waited for by none of the others: they roll back at once, and their locks are free', async () => {
    const clock = new VirtualClock();
    const world = new Three('{}');
    const free = new Map<string, number>();
    for (const [name, host] of world.hypervisors) {
      host.before = (script) => {
        if (name === 'hv2' && script === 'vm-update') host.unreachable = true;
        if (script === 'end') free.set(name, clock.now());
      };
    }
    const ports = { ...world.ports, clock };
    const results = await clock.during(world.apply(webs, hypervisors, { ports }));
    expect(fates(results)).toEqual([
      'rolled-back: hv2 failed',
      'rollback-failed (ssh.timed-out)',
      'rolled-back: hv2 failed',
    ]);
    const { confirm } = world.index.fleet.rollout;
    for (const name of ['hv1', 'hv3']) expect(free.get(name)).toBeLessThan(confirm + graceMs);
    expect(clock.now()).toBeGreaterThan(confirm + graceMs);
  });
});

describe('a build that fails on one of three', () => {
  const world = (onFailure: string) => {
    const three = new Three(`{ onFailure: ${onFailure}, maxParallel: 1 }`);
    three.hv2.instead.set('build', () => 1);
    return three;
  };

  test('revert-fleet, halt: changes none of them', async () => {
    for (const policy of ['revert-fleet', 'halt']) {
      const three = world(policy);
      const results = await three.all();
      expect(fates(results)).toEqual([
        'untouched: hv2 failed',
        'untouched (remote.failed)',
        'untouched: hv2 failed',
      ]);
      expect(three.ran('vm-')).toEqual([]);
      expect(three.ran('checkout')).toEqual(['hv1', 'hv2']);
      expect(exitCodeOf(results)).toBe(1);
    }
  });

  test('revert-hypervisor: leaves out only that one', async () => {
    const three = world('revert-hypervisor');
    const results = await three.all();
    expect(fates(results)).toEqual(['done', 'untouched (remote.failed)', 'done']);
    expect(three.booted()).toEqual(['new-web1', 'old-web2', 'new-web3']);
    expect(exitCodeOf(results)).toBe(6);
  });
});

describe('a canary', () => {
  test('goes first and alone; the others wait until it is healthy', async () => {
    const world = new Three('{ canary: hv2 }');
    const looks: string[] = [];
    const { emit } = world.input([]);
    const results = await world.apply(webs, hypervisors, {
      emit: (event) => {
        emit(event);
        if (event.type === 'checks' && event.state === 'passed') looks.push(event.target);
        if (event.type === 'step' && event.state === 'begin' && event.step.startsWith('update'))
          looks.push(event.step);
      },
    });
    expect(fates(results)).toEqual(['done', 'done', 'done']);
    expect(looks.slice(0, 2)).toEqual(['update web2', 'web2']);
    expect(new Set(looks.slice(2, 4))).toEqual(new Set(['update web1', 'update web3']));
  });

  test('that fails is the only one that was changed', async () => {
    for (const policy of ['revert-fleet', 'halt']) {
      const world = new Three(`{ canary: hv2, onFailure: ${policy} }`);
      world.hv2.mute.add('/nix/store/new-web2');
      const results = await world.all();
      expect(fates(results)).toEqual([
        'untouched: hv2 failed',
        'rolled-back (verify.not-healthy)',
        'untouched: hv2 failed',
      ]);
      expect(world.ran('vm-')).toEqual(['hv2']);
      expect(world.booted()).toEqual(old);
      expect(exitCodeOf(results)).toBe(3);
    }
  });
});

describe('revert-fleet', () => {
  test('nobody begins after a failure, and those that had succeeded go back', async () => {
    const world = new Three('{ maxParallel: 1 }');
    world.hv2.mute.add('/nix/store/new-web2');
    const results = await world.all();
    expect(fates(results)).toEqual([
      'rolled-back: hv2 failed',
      'rolled-back (verify.not-healthy)',
      'untouched: hv2 failed',
    ]);
    expect(world.ran('vm-')).toEqual(['hv1', 'hv2']);
    expect(world.ran('confirm')).toEqual([]);
    expect(world.booted()).toEqual(old);
    expect(exitCodeOf(results)).toBe(3);
    expect(results[0]?.lines).toEqual(['web1 runs as before']);
  });

  test('those that are under way do not go on to their next guest', async () => {
    const world = new World();
    world.hv2.instead.set('vm-update', () => 1);
    const results = await world.apply(['db1', 'web1', 'web2'], ['hv1', 'hv2']);
    expect(fates(results)).toEqual(['rolled-back: hv2 failed', 'rolled-back (remote.failed)']);
    expect(words(world.hv1.log)).toContain('vm-update db1');
    expect(words(world.hv1.log)).not.toContain('vm-update web1');
    // Nor is the settle time of the one in hand waited for: this is that of its former runner.
    expect(world.clock.time).toBeLessThan(25_000);
  });

  test('all that were under way go back', async () => {
    const world = new Three('{}');
    world.hv1.instead.set('vm-update', () => 1);
    const results = await world.all();
    expect(fates(results)).toEqual([
      'rolled-back (remote.failed)',
      'rolled-back: hv1 failed',
      'rolled-back: hv1 failed',
    ]);
    expect(world.booted()).toEqual(old);
  });

  test('a guest that falls ill while the others are at work is seen by the last look', async () => {
    const world = new Three('{ maxParallel: 1 }');
    world.host('hv3').instead.set('vm-update', () => {
      world.hv1.mute.add('/nix/store/new-web1');
      return undefined;
    });
    const results = await world.all();
    expect(fates(results)).toEqual([
      'rolled-back (verify.not-healthy)',
      'rolled-back: hv1 failed',
      'rolled-back: hv1 failed',
    ]);
    expect(results[0]?.failure?.message).toBe('hv1 did not stay healthy');
    expect(world.ran('confirm')).toEqual([]);
    expect(world.booted()).toEqual(old);
  });

  test('one that is confirmed already goes back, too, when another cannot be confirmed', async () => {
    const world = new Three('{}');
    world.host('hv3').before = async (script) => {
      // The last to be confirmed.
      if (script !== 'confirm') return;
      await vi.waitFor(() => expect(world.hv1.deployment?.decided).toBe('confirmed'), 10_000);
    };
    world.host('hv3').instead.set('confirm', () => 1);
    const results = await world.all();
    expect(fates(results)).toEqual([
      'rolled-back: hv3 failed',
      'rolled-back: hv3 failed',
      'rolled-back (remote.failed)',
    ]);
    expect(world.booted()).toEqual(old);
    expect(world.hv1.facts.deployed.get('web1')?.path).toBe('/nix/store/old-web1');
    expect(exitCodeOf(results)).toBe(3);
  });

  test.each([
    { what: 'and had heard of it', half: 'lost' },
    { what: 'before it heard of it', half: 'cut' },
  ] as const)(
    'one whose link went for good while it was confirmed, $what, is in doubt; the others stay: 4',
    async ({ half }) => {
      const world = new Three('{}');
      world.hv2.instead.set('confirm', () => {
        world.hv2.unreachable = true;
        return half;
      });
      const results = await world.all();
      expect(fates(results)).toEqual(['done', 'in-doubt (ssh.in-doubt)', 'done']);
      expect(world.booted()).toEqual(['new-web1', 'new-web2', 'new-web3']);
      expect(world.ran('back')).toEqual([]);
      // It alone knows how it ends.
      expect(world.ran('end')).toEqual(['hv1', 'hv3']);
      expect(exitCodeOf(results)).toBe(4);
    },
  );

  test('one that was in doubt and had put itself back, when it answers again, takes the others along', async () => {
    const world = new Three('{}');
    let sent = 0;
    world.hv2.instead.set('confirm', () => {
      if (++sent > 1) return undefined;
      world.hv2.lapse();
      return 'cut';
    });
    const results = await world.all();
    expect(fates(results)).toEqual([
      'rolled-back: hv2 failed',
      'rolled-back (back.taken)',
      'rolled-back: hv2 failed',
    ]);
    expect(world.booted()).toEqual(old);
  });

  test('one that ended as confirmed meanwhile is not said to be back', async () => {
    const world = new Three('{}');
    world.host('hv3').instead.set('confirm', () => {
      // It took so long that the others had not heard of us in time.
      world.hv1.lapse();
      return 1;
    });
    world.host('hv3').before = async (script) => {
      if (script === 'confirm') await new Promise((done) => setTimeout(done, 20));
    };
    const results = await world.all();
    expect(results[0]).toMatchObject({
      outcome: 'rollback-failed',
      lines: ['already confirmed; use fleet rollback'],
    });
    expect(results[1]?.outcome).toBe('rolled-back');
    expect(world.booted()).toEqual(['new-web1', 'old-web2', 'old-web3']);
    expect(exitCodeOf(results)).toBe(4);
  });

  test('with one out of reach is a roll-back that failed: 4', async () => {
    const world = new Three('{ maxParallel: 1 }');
    world.hv2.instead.set('vm-update', () => {
      world.hv1.unreachable = true;
      return 1;
    });
    const results = await world.all();
    expect(results.map((r) => r.outcome)).toEqual(['rollback-failed', 'rolled-back', 'untouched']);
    expect(exitCodeOf(results)).toBe(4);
  });
});

describe('halt', () => {
  test('leaves those that are done, puts back the one that failed and begins no other: 6', async () => {
    const world = new Three('{ maxParallel: 1, onFailure: halt }');
    world.hv2.mute.add('/nix/store/new-web2');
    const results = await world.all();
    expect(fates(results)).toEqual([
      'done',
      'rolled-back (verify.not-healthy)',
      'untouched: hv2 failed',
    ]);
    expect(world.booted()).toEqual(['new-web1', 'old-web2', 'old-web3']);
    expect(world.ran('confirm')).toEqual(['hv1']);
    expect(exitCodeOf(results)).toBe(6);
  });

  test('lets those that are under way finish', async () => {
    const world = new Three('{ onFailure: halt }');
    world.hv1.instead.set('vm-update', () => 1);
    expect(fates(await world.all())).toEqual(['rolled-back (remote.failed)', 'done', 'done']);
  });
});

describe('revert-hypervisor', () => {
  test('puts back only the one that failed, at once, and goes on: 6', async () => {
    const world = new Three('{ maxParallel: 1, onFailure: revert-hypervisor }');
    world.hv2.mute.add('/nix/store/new-web2');
    const results = await world.all();
    expect(fates(results)).toEqual(['done', 'rolled-back (verify.not-healthy)', 'done']);
    expect(world.booted()).toEqual(['new-web1', 'old-web2', 'new-web3']);
    // Its guests were down: it does not wait for the rest.
    const at = (what: string) => world.order.indexOf(what);
    expect(at('back now on hv2')).toBeLessThan(at('vm-update web3 on hv3'));
    expect(exitCodeOf(results)).toBe(6);
  });

  test('confirms each when it is healthy', async () => {
    const world = new Three('{ maxParallel: 1, onFailure: revert-hypervisor }');
    await world.all();
    const at = (what: string) => world.order.indexOf(what);
    expect(at('confirm on hv1')).toBeLessThan(at('vm-update web2 on hv2'));
  });
});

describe('an interrupt', () => {
  test.each(['revert-fleet', 'revert-hypervisor', 'halt'])(
    '%s: puts back what is not confirmed, and nobody failed',
    async (policy) => {
      const world = new Three(`{ maxParallel: 1, onFailure: ${policy} }`);
      world.hv2.instead.set('vm-update', () => {
        world.interrupt.abort();
        return undefined;
      });
      const results = await world.all();
      const first = policy === 'revert-fleet' ? 'rolled-back: interrupted' : 'done';
      expect(fates(results)[0]).toBe(first);
      expect(fates(results)[1]).toBe('rolled-back (interrupted)');
      expect(world.ran('vm-')).toEqual(['hv1', 'hv2']);
      expect(world.booted()[1]).toBe('old-web2');
      const notes = world.events.flatMap((e) => (e.type === 'note' ? [e.text] : []));
      expect(notes).toContain('interrupted');
      expect(notes.filter((text) => text.startsWith('failed'))).toEqual([]);
    },
  );

  const notesOf = (world: World) =>
    world.events.flatMap((e) => (e.type === 'note' ? [`${e.hypervisor}: ${e.text}`] : []));
  const kept = 'interrupted after it was confirmed: it keeps what was deployed';
  const back = 'interrupted: finishing the current step, then rolling back';

  test('while it is confirmed comes too late, and nothing is said of rolling back', async () => {
    const world = new Three('{}');
    world.hv2.instead.set('confirm', () => {
      world.interrupt.abort();
      return undefined;
    });
    const results = await world.all();
    expect(fates(results)).toEqual(['done', 'done', 'done']);
    expect(exitCodeOf(results)).toBe(0);
    const said = notesOf(world).filter((text) => text.includes('interrupted'));
    expect(said).toEqual(hypervisors.map((name) => `${name}: ${kept}`));
  });

  test('during the last look rolls back, though every look is good', async () => {
    const world = new Three('{}');
    let isLast = false;
    world.host('hv3').instead.set('health', () => {
      isLast ||= world.ran('vm-').length === 3 && world.host('hv3').seen.at(-2) === 'connect';
      if (isLast) world.interrupt.abort();
      return undefined;
    });
    const results = await world.all();
    expect(isLast).toBe(true);
    expect(world.ran('confirm')).toEqual([]);
    expect(results.map((r) => r.outcome)).toEqual(Array(3).fill('rolled-back'));
    expect(world.booted()).toEqual(old);
    expect(exitCodeOf(results)).toBe(3);
  });

  test('where one after the other is confirmed says which of them keep it', async () => {
    const world = new Three('{ maxParallel: 1, onFailure: halt }');
    world.hv2.instead.set('vm-update', () => {
      world.interrupt.abort();
      return undefined;
    });
    const results = await world.all();
    expect(fates(results)).toEqual(['done', 'rolled-back (interrupted)', 'untouched: interrupted']);
    expect(exitCodeOf(results)).toBe(6);
    expect(notesOf(world)).toEqual(expect.arrayContaining([`hv1: ${kept}`, `hv2: ${back}`]));
    expect(notesOf(world)).not.toContain(`hv1: ${back}`);
  });

  test('before the locks: nothing is locked, committed or pushed', async () => {
    const world = new Three('{}');
    world.interrupt.abort();
    const error = await failure(world.all());
    expect(error.code).toBe('interrupted');
    expect([world.published, world.order]).toEqual([0, []]);
  });

  test('while the locks are taken: nothing is committed or pushed, and they are free again', async () => {
    const world = new Three('{}');
    world.host('hv3').instead.set('begin', () => {
      world.interrupt.abort();
      return undefined;
    });
    const error = await failure(world.all());
    expect(error.code).toBe('interrupted');
    expect(world.published).toBe(0);
    expect(world.ran('end')).toEqual(['hv1', 'hv2', 'hv3']);
  });

  test('before anything was begun changes nothing', async () => {
    const world = new Three('{}');
    world.publish = () => world.interrupt.abort();
    const results = await world.all();
    expect(fates(results)).toEqual(Array(3).fill('untouched: interrupted'));
    expect(exitCodeOf(results)).toBe(1);
  });
});

describe('the exit code', () => {
  const failure = new FleetError('x', 'x');
  const result = (
    outcome: HypervisorResult['outcome'],
    more: Partial<HypervisorResult> = {},
  ): HypervisorResult => ({ hypervisor: 'hv1', outcome, lines: [], ...more });
  const changed = result('done', { lines: ['web1 updated'] });
  const because = 'hv2 failed';
  test.each<[number, string, HypervisorResult[]]>([
    [0, 'nothing to do', []],
    [0, 'all done', [changed, result('done')]],
    [
      1,
      'nothing was changed',
      [result('untouched', { failure }), result('untouched', { because })],
    ],
    [3, 'put back', [result('rolled-back', { failure }), result('untouched', { because })]],
    [
      3,
      'put back for another’s sake',
      [result('rolled-back', { because }), result('untouched', { failure })],
    ],
    [
      3,
      'the one that is done had nothing to change',
      [result('rolled-back', { failure }), result('done')],
    ],
    [6, 'part of the fleet is on the new commit', [changed, result('rolled-back', { failure })]],
    [6, 'the same when the others were not begun', [changed, result('untouched', { failure })]],
    [
      4,
      'one is in need of a person',
      [changed, result('rollback-failed', { failure }), result('rolled-back', { because })],
    ],
    [
      4,
      'also without a failure of its own',
      [result('rollback-failed', { because }), result('rolled-back', { failure })],
    ],
  ])('is %i: %s', (code, _, results) => {
    expect(exitCodeOf(results)).toBe(code);
  });
});
