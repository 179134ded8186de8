import { afterAll, describe, expect, test } from 'vitest';
import type { Ground, Guest } from './ground.ts';

type Kind = readonly [string, Guest, (ground: Ground, vm: Guest) => Promise<unknown>, object];

/** On a guest each, at the same time: how often one boots is what such a test costs. */
const inside: readonly Kind[] = [
  [
    'a guest that powers off',
    'web',
    (ground, vm) => ground.inside(vm, 'poweroff -f'),
    { who: 'guest', why: 'power-off', result: 'success', status: '0' },
  ],
  [
    'a guest that reboots',
    'app',
    (ground, vm) => ground.inside(vm, 'reboot -f'),
    { who: 'guest', why: 'reboot', result: 'success', status: '0' },
  ],
  [
    'a panic',
    'db',
    (ground, vm) => ground.inside(vm, 'echo c > /proc/sysrq-trigger'),
    { who: 'guest', why: 'panic', result: 'success', status: '0' },
  ],
  [
    'SIGTERM',
    'job',
    async (ground, vm) => {
      // Before that its start script would die of it.
      await ground.isUp(vm);
      await ground.kill(vm, 'TERM');
    },
    { who: 'vmm', why: 'ended by a signal', result: 'success', intended: false },
  ],
];
const outside: readonly Kind[] = [
  [
    'SIGKILL',
    'web',
    (ground, vm) => ground.kill(vm),
    { who: 'vmm', why: 'killed', signal: 'KILL', intended: false },
  ],
  [
    'a segmentation fault',
    'app',
    (ground, vm) => ground.kill(vm, 'SEGV'),
    { who: 'vmm', why: 'segfault', intended: false },
  ],
  [
    'a person who restarts it',
    'db',
    (ground, vm) => ground.sh(`systemctl restart microvm@${vm}`),
    { who: 'person', why: 'systemctl restart', intended: true },
  ],
  [
    'fleet restart',
    'job',
    (ground, vm) => ground.fleet('restart', vm),
    { who: 'fleet', why: 'fleet restart', intended: true },
  ],
];

/** Every kind of end of a guest, told apart, and what its policy makes of it. */
export function endsOf(of: () => Ground): void {
  /** How long its record kept each unit that was killed from being over, in µs. */
  const took: number[] = [];
  const killed = async (ground: Ground, vm: Guest): Promise<unknown> => {
    const { invocation } = await ground.endOf(vm, () => ground.kill(vm));
    await ground.untilSo('recorded', async () => (await ground.subState(vm)) !== 'stop-post');
    const [exited, inactive] = (
      await ground.sh(
        `systemctl show --value -p ExecMainExitTimestampMonotonic -p InactiveEnterTimestampMonotonic microvm@${vm}`,
      )
    ).split('\n');
    took.push(Number(inactive) - Number(exited));
    return invocation;
  };

  for (const kinds of [inside, outside])
    describe(`ends from ${kinds === inside ? 'within' : 'without'}, at the same time`, () => {
      test.concurrent.for(kinds)(
        '%s: told apart, and the guest runs again',
        async ([, vm, act, expected], { expect }) => {
          const ground = of();
          const event = await ground.endOf(vm, () => act(ground, vm));
          expect(event).toMatchObject(expected);
          await ground.runsAgain(vm, event.invocation);
          expect(await ground.sh(`head -n 3 /var/lib/fleet/ends/${event.file}`)).toContain(
            `who\t${event.who}`,
          );
          // The watch may have looked already.
          expect(['Starting', 'Ready']).toContain(await ground.state(vm));
        },
      );
    });

  describe('policies, at the same time', () => {
    test.concurrent('past its attempts it is given up once, with the reason, and a start begins anew', async ({
      expect,
    }) => {
      const ground = of();
      await ground.policy('web', { attempts: 1, interval: 600 });
      await ground.runsAgain('web', await killed(ground, 'web'));
      await killed(ground, 'web');
      await ground.untilSo('given up', async () => (await ground.state('web')) === 'Failed');
      expect(await ground.events('guest.failed', 'web')).toMatchObject([
        { why: 'killed: it ended 2 times within 600 s' },
      ]);
      await isLeft(ground, 'web', /dead|failed/);
      expect(await ground.state('web')).toBe('Failed');
      expect(await ground.events('guest.failed', 'web')).toHaveLength(1);
      await ground.fleet('start', 'web');
      await ground.runsAgain('web', await killed(ground, 'web'));
      expect(await ground.events('guest.failed', 'web')).toHaveLength(1);
    });

    test.concurrent('keep-trying: later and later', async ({ expect }) => {
      const ground = of();
      await ground.policy('app', {
        ...{ attempts: 0, giveUp: 'keep-trying', delay: 2, backoff: 2, maxDelay: 8 },
      });
      const waits = async () => (await ground.events('guest.again', 'app')).map((one) => one.in);
      for (const wait of [4, 8, 8]) {
        const invocation = await killed(ground, 'app');
        await ground.untilSo('waits', async () => (await waits()).at(-1) === wait);
        await ground.runsAgain('app', invocation);
      }
      expect(await waits()).toEqual([4, 8, 8]);
    });

    test.concurrent('on-failure: a power-off rests, a panic does not', async ({ expect }) => {
      const ground = of();
      await ground.policy('db', { restart: 'on-failure' });
      const { invocation } = await ground.endOf('db', () =>
        ground.inside('db', 'echo c > /proc/sysrq-trigger'),
      );
      await ground.runsAgain('db', invocation);
      await ground.endOf('db', () => ground.inside('db', 'poweroff -f'));
      await ground.untilSo('stopped', async () => (await ground.subState('db')) === 'dead');
      await isLeft(ground, 'db', /dead/);
      expect(await ground.state('db')).toBe('Terminated');
      await ground.sh('systemctl start microvm@db');
    });

    test.concurrent('never: whatever ends it, it is left; while an operation is at work, once that is over', async ({
      expect,
    }) => {
      const ground = of();
      await ground.policy('job', { restart: 'never' });
      const failed = () =>
        ground.untilSo('Failed', async () => (await ground.state('job')) === 'Failed');
      const operation = ground.sh(
        'touch /run/at-work && exec 8>>/run/fleet/locks/job && flock 8 && while [ -e /run/at-work ]; do sleep 0.3; done',
      );
      await ground.runsAgain('job', await killed(ground, 'job'));
      expect(await ground.state('job')).not.toBe('Failed');
      await ground.sh('rm /run/at-work');
      await operation;
      await failed();
      await ground.untilSo('stopped', async () => /dead|failed/.test(await ground.subState('job')));
      await ground.sh('systemctl reset-failed microvm@job; systemctl start microvm@job');
      await killed(ground, 'job');
      await failed();
      await isLeft(ground, 'job', /dead|failed/);
      await ground.policy('job', { attempts: 90, maxPerHour: 720 });
      await ground.sh('systemctl reset-failed microvm@job; systemctl start microvm@job');
    });
  });

  test('the record holds an end up for seconds at most', () => {
    expect(took.length).toBeGreaterThan(5);
    expect(Math.min(...took)).toBeGreaterThan(0);
    // Ten times what a machine takes that has no other work: this one has.
    expect(Math.min(...took), String(took)).toBeLessThan(10_000_000);
  });

  afterAll(async () => {
    await of()?.asRendered();
  });
}

/** It is not started again: systemd would have, after its five seconds. */
async function isLeft(ground: Ground, vm: Guest, as: RegExp): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 8000));
  expect(await ground.subState(vm)).toMatch(as);
}
