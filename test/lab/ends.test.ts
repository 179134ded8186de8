import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { Look } from '../scenario/look.ts';
import { type Lab, labMissing, startLab } from './lab.ts';
import { until } from './run.ts';
import { worldOf } from './world.ts';

const missing = labMissing();

type Event = Record<string, unknown> & { kind: string; seq: number };

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'ends of guests',
  { timeout: 360_000 },
  () => {
    let lab: Lab;
    let desk: Desk;
    let look: Look;
    const address = '10.1.0.2';

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      const world = worldOf(lab);
      look = new Look(world.hosts[0]!);
      const fleet = emptyFleet(world);
      fleet.networks = { front: { subnet: '10.1.0.0/24' } };
      fleet.vms = {
        web: {
          ...{ on: 'hv1', network: 'front', address },
          config: { boot: { kernelParams: ['lab.shell=7'] } },
        },
      };
      desk = new Desk(world, 'ends', fleet);
      await desk.open();
      await desk.apply(0);
      await policy({ attempts: 90, maxPerHour: 900 });
    }, 1_200_000);
    afterAll(async () => {
      desk?.close();
      await lab?.stop();
    });

    /** What this hypervisor does about it from now on. */
    const policy = (recovery: object) => {
      const vms = {
        web: {
          state: 'running',
          autostart: 'always',
          memory: 256,
          dumps: { guest: true },
          recovery,
        },
      };
      return look.sh(`mkdir -p /etc/fleet && rm -f /etc/fleet/watch.json /run/fleet/tries/web
cat >/etc/fleet/watch.json <<'END'
${JSON.stringify({ version: 1, vms })}
END`);
    };
    const untilSo = (what: string, ask: () => Promise<boolean>) =>
      until(what, 60_000, async () => ((await ask()) ? true : undefined));
    const events = async (kind: string): Promise<Event[]> =>
      (await look.sh('cat /var/lib/fleet/events/*.jsonl 2>/dev/null || true'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Event)
        .filter((event) => event.kind === kind && event.vm === 'web');
    const life = () => look.invocation('web');
    const subState = () => look.sh('systemctl show --value -p SubState microvm@web');
    const state = async (key: string) =>
      look.sh(`sed -n 's/^${key}\t//p' /var/lib/fleet/guests/web`);
    const kill = (signal: string) =>
      look.sh(`systemctl kill --kill-whom=main --signal=${signal} microvm@web`);
    /** Waits for what runs in the guest, lest it dies while it boots. */
    const isUp = () => untilSo('web answers', () => look.answers(address));
    /** Has the guest itself do something. */
    const inside = async (command: string) => {
      await isUp();
      await untilSo('its shell', async () => {
        const { code } = await lab.hosts[0]!.exec(
          `timeout 3 bash -c 'exec 3<>/dev/tcp/${address}/7 && echo "${command}" >&3'`,
        );
        return code === 0;
      });
    };
    /** The event that tells of the end of the life that runs now, once `act` has ended it. */
    const endOf = async (act: () => Promise<unknown>): Promise<Event> => {
      // Not its start script, nor a life that is over.
      await untilSo('the VMM runs', async () =>
        (
          await look.sh('ps -o comm= -p "$(systemctl show --value -p MainPID microvm@web)" || true')
        ).startsWith('qemu'),
      );
      const before = await life();
      await act();
      return until('the end', 60_000, async () =>
        (await events('guest.ended')).find(({ invocation }) => invocation === before),
      );
    };
    const runsAgain = async (before: unknown) => {
      await untilSo(
        'runs again',
        async () => (await subState()) === 'running' && (await life()) !== before,
      );
    };

    const kinds: readonly (readonly [string, () => Promise<unknown>, object])[] = [
      [
        'SIGKILL',
        () => kill('KILL'),
        { who: 'vmm', why: 'killed', signal: 'KILL', intended: false },
      ],
      [
        'a segmentation fault',
        () => kill('SEGV'),
        { who: 'vmm', why: 'segfault', intended: false },
      ],
      [
        'SIGTERM',
        async () => {
          // Before that its start script would die of it.
          await isUp();
          await kill('TERM');
        },
        { who: 'vmm', why: 'ended by a signal', result: 'success', intended: false },
      ],
      [
        'a guest that powers off',
        () => inside('poweroff -f'),
        { who: 'guest', why: 'power-off', result: 'success', status: '0' },
      ],
      [
        'a guest that reboots',
        () => inside('reboot -f'),
        { who: 'guest', why: 'reboot', result: 'success', status: '0' },
      ],
      [
        'a panic',
        () => inside('echo c > /proc/sysrq-trigger'),
        { who: 'guest', why: 'panic', result: 'success', status: '0' },
      ],
      [
        'a person who restarts it',
        () => look.sh('systemctl restart microvm@web'),
        { who: 'person', why: 'systemctl restart', intended: true },
      ],
      [
        'fleet restart',
        async () => expect((await desk.fleet(['restart', 'web'])).code).toBe(0),
        { who: 'fleet', why: 'fleet restart', intended: true },
      ],
    ];
    test.each(kinds)('%s: told apart, and the guest runs again', async (_, act, expected) => {
      const event = await endOf(act);
      expect(event).toMatchObject(expected);
      await runsAgain(event.invocation);
      expect(await look.sh(`head -n 3 /var/lib/fleet/ends/${event.file}`)).toContain(
        `who\t${event.who}`,
      );
      // The watch may have looked already.
      expect(['Starting', 'Ready']).toContain(await state('state'));
    });

    test('the record costs an end less than two seconds, while nothing else goes on', async () => {
      const usec = async (key: string) =>
        Number(await look.sh(`systemctl show --value -p ${key} microvm@web`));
      const took: number[] = [];
      for (let n = 0; n < 3; n++) {
        const { invocation } = await endOf(() => kill('KILL'));
        await untilSo('recorded', async () => (await subState()) !== 'stop-post');
        const exited = await usec('ExecMainExitTimestampMonotonic');
        took.push((await usec('InactiveEnterTimestampMonotonic')) - exited);
        await runsAgain(invocation);
      }
      expect(Math.min(...took)).toBeGreaterThan(0);
      // This machine has other work meanwhile.
      expect(Math.min(...took), String(took)).toBeLessThan(2_000_000);
    });

    test('a person stops it: it stays stopped, and is Terminated', async () => {
      const event = await endOf(() => look.sh('systemctl stop microvm@web'));
      expect(event).toMatchObject({ who: 'person', why: 'systemctl stop', intended: true });
      expect(await state('state')).toBe('Terminated');
      await look.sh('systemctl start microvm@web');
    });

    test('fleet stops it: told with the id of the operation', async () => {
      await isUp();
      const event = await endOf(async () =>
        expect((await desk.fleet(['stop', 'web', '--yes'])).code).toBe(0),
      );
      expect(event).toMatchObject({ who: 'fleet', why: 'fleet stop', intended: true });
      expect(await look.exists(`/var/lib/fleet/operations/${event.id}`)).toBe(true);
      const run = await desk.fleet(['start', 'web']);
      expect(run.code, run.stderr).toBe(0);
    });

    test('a dump of its memory: root’s alone, and the guest goes on', async () => {
      await isUp();
      const before = await life();
      const text = ['lib', 'deployments', 'spool', 'guest-state', 'dump']
        .map((name) =>
          readFileSync(new URL(`../../src/host/scripts/${name}.sh`, import.meta.url), 'utf8'),
        )
        .join('\n');
      const script = Buffer.from(
        `${text}\ndump_guest web || { echo "$no_dump"; exit 1; }\necho "$dump"\n`,
      ).toString('base64');
      const file = await look.sh(
        `PATH=$PATH:/usr/bin; echo ${script} | base64 -d >/run/dump.sh && sh /run/dump.sh`,
      );
      expect(await look.sh(`stat -c '%a %U %h' ${file}`)).toBe('600 root 1');
      // An ELF core of all of its memory.
      expect(await look.sh(`head -c 4 ${file} | tail -c 3`)).toBe('ELF');
      expect(Number(await look.sh(`stat -c %s ${file}`))).toBeGreaterThan(256 * 1024 * 1024);
      expect(await look.sh('ls -A /var/lib/fleet/dumps')).toBe('web');
      expect(await life()).toBe(before);
      await isUp();
      expect(await events('guest.dumped')).toHaveLength(1);
      await look.sh(`rm ${file}`);
    });

    test('a helper that fails once does not keep its guest down', async () => {
      const drop = '/run/systemd/system/microvm-tap-interfaces@web.service.d';
      await look.sh(
        `mkdir -p ${drop} && printf '[Service]\\nExecStartPre=/bin/sh -c "rm /run/fails-once && exit 1 || exit 0"\\n' >${drop}/fails.conf && touch /run/fails-once && systemctl daemon-reload`,
      );
      const event = await endOf(() => kill('KILL'));
      await until('the helper', 60_000, async () => (await events('helper.ended')).at(-1));
      expect(await events('helper.ended')).toMatchObject([
        {
          unit: 'microvm-tap-interfaces@web.service',
          why: 'did not start (exit-code)',
          intended: false,
        },
      ]);
      await runsAgain(event.invocation);
      await look.sh(`rm -r ${drop} && systemctl daemon-reload`);
    });

    test('past its attempts it is given up once, with the reason, and a start begins anew', async () => {
      await policy({ attempts: 1, interval: 600 });
      for (let n = 0; n < 2; n++) {
        const { invocation } = await endOf(() => kill('KILL'));
        if (n === 0) await runsAgain(invocation);
      }
      expect(
        await until('given up', 20_000, async () => (await events('guest.failed'))[0]),
      ).toMatchObject({
        why: 'killed: it ended 2 times within 600 s',
      });
      await untilSo('stopped', async () => ['dead', 'failed'].includes(await subState()));
      // Longer than systemd waits.
      await new Promise((resolve) => setTimeout(resolve, 8000));
      expect([await subState(), await state('state')]).toEqual([
        expect.stringMatching(/dead|failed/),
        'Failed',
      ]);
      expect(await events('guest.failed')).toHaveLength(1);
      const run = await desk.fleet(['start', 'web']);
      expect(run.code, run.stderr).toBe(0);
      const { invocation } = await endOf(() => kill('KILL'));
      await runsAgain(invocation);
      expect(await events('guest.failed')).toHaveLength(1);
    });

    test('keep-trying: later and later', async () => {
      await policy({ attempts: 0, giveUp: 'keep-trying', delay: 2, backoff: 2, maxDelay: 8 });
      for (const wait of [4, 8, 8]) {
        const { invocation } = await endOf(() => kill('KILL'));
        await untilSo('waits', async () => (await events('guest.again')).at(-1)?.in === wait);
        await runsAgain(invocation);
      }
      expect((await events('guest.again')).map((event) => event.in)).toEqual([4, 8, 8]);
    });

    test('on-failure: a power-off rests, a panic does not', async () => {
      await policy({ restart: 'on-failure' });
      const { invocation } = await endOf(() => inside('echo c > /proc/sysrq-trigger'));
      await runsAgain(invocation);
      await endOf(() => inside('poweroff -f'));
      await untilSo('stopped', async () => (await subState()) === 'dead');
      await new Promise((resolve) => setTimeout(resolve, 8000));
      expect([await subState(), await state('state')]).toEqual(['dead', 'Terminated']);
      await look.sh('systemctl start microvm@web');
    });

    test('never: whatever ends it, it is left', async () => {
      await policy({ restart: 'never' });
      await endOf(() => kill('KILL'));
      await untilSo('Failed', async () => (await state('state')) === 'Failed');
      await new Promise((resolve) => setTimeout(resolve, 8000));
      expect(await subState()).toMatch(/dead|failed/);
      await look.sh('systemctl reset-failed microvm@web; systemctl start microvm@web');
    });

    test('the shutdown of the hypervisor', async () => {
      await policy({});
      await isUp();
      expect(await endOf(() => lab.hosts[0]!.reboot())).toMatchObject({
        ...{ who: 'shutdown', intended: true },
      });
      await isUp();
    });
  },
);
