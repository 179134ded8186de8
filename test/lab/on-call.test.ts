import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { Look } from '../scenario/look.ts';
import { type Lab, labMissing, startLab } from './lab.ts';
import { worldOf } from './world.ts';

const missing = labMissing();

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'on call: status, logs, start, stop and restart, on real systemd',
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
      const guest = { on: 'hv1', network: 'front' };
      fleet.vms = {
        web: { ...guest, address },
        hangs: {
          ...guest,
          address: '10.1.0.3',
          config: { boot: { kernelParams: ['lab.hang-stop'] } },
        },
      };
      fleet.rollout = { ...fleet.rollout, stopTimeout: '90s' };
      desk = new Desk(world, 'on-call', fleet);
      await desk.open();
      await desk.apply(0);
    }, 1_200_000);
    afterAll(async () => {
      desk?.close();
      await lab?.stop();
    });

    const run = async (expected: number, ...args: string[]) => {
      const run = await desk.fleet(args);
      expect(run.code, run.stdout + run.stderr).toBe(expected);
      return { ...run, flat: run.stdout.replace(/\s+/g, ' ') };
    };
    const until = <T>(check: () => T | Promise<T>) =>
      vi.waitFor(check, { timeout: 60_000, interval: 200 });

    test('of a fleet that is well status says what guests use, and start leaves them alone', async () => {
      const { stdout } = await run(0, 'status', '--json');
      const { vms, hypervisors } = JSON.parse(stdout);
      const web = vms.find((vm: { name: string }) => vm.name === 'web');
      expect(web).toMatchObject({ state: 'Ready', health: 'ok', address });
      // The kernel counts by unit where cgroups are version 2, as on NixOS; elsewhere nothing is said, and none is made up.
      if (await look.exists('/sys/fs/cgroup/cgroup.controllers')) {
        expect(web.use.memoryKiB).toBeGreaterThan(10_000);
        expect(web.use.cpuPercent).toBeGreaterThanOrEqual(0);
      } else expect(web.use).toEqual({});
      expect(hypervisors).toMatchObject([{ name: 'hv1', behind: 0, load: expect.any(Array) }]);
      // At once, as bench/one-guest.ts shows: no test is timed.
      await until(async () => {
        const before = await look.invocation('web');
        expect((await run(0, 'start', 'web')).flat).toContain('is healthy already');
        expect(await look.invocation('web')).toBe(before);
      });
    });

    test('a guest that crashes again and again: status counts, logs say why, restart says that it dies', async () => {
      const broken = '/run/systemd/system/microvm@web.service.d/broken.conf';
      onTestFinished(async () => {
        await look.sh(`rm -f ${broken} && systemctl daemon-reload`);
      });
      await look.sh(
        `mkdir -p "$(dirname ${broken})" && printf '[Service]\\nExecStartPre=/bin/sh -c "echo no such disk; exit 7"\\nRestartSec=1\\n' >${broken} && systemctl daemon-reload`,
      );
      await look.sh('systemctl kill --signal=KILL microvm@web');
      await until(async () => {
        const { stdout } = await desk.fleet(['status', '--json']);
        const { vms } = JSON.parse(stdout);
        const web = vms.find((vm: { name: string }) => vm.name === 'web');
        expect(web).toMatchObject({ state: 'Failed', standing: 'wrong' });
        expect(web.ends.restarts).toBeGreaterThan(1);
      });
      // Between two starts it is Draining for a moment.
      const told = await until(async () => {
        const now = await run(1, 'status', 'web');
        expect(now.flat).toContain('started again and again, and ends: fleet logs web');
        return now;
      });
      expect(told.stdout).toContain('no such disk');
      expect(told.flat).toMatch(/last end \S.* ago: exit 7/);
      const said = await run(0, 'logs', 'web');
      expect(said.stdout).toContain('no such disk');
      expect(said.stdout).toMatch(/systemd: .*status=7/);
      const failed = await run(1, 'restart', 'web');
      expect(failed.stdout).toMatch(/^web {2}FAILED/);
      expect(failed.stdout).toContain('no such disk');
      await look.sh(`rm ${broken} && systemctl daemon-reload`);
      expect((await run(0, 'restart', 'web')).flat).toContain('healthy');
    });

    test('a guest that does not stop is killed at once by --force', async () => {
      const before = await look.invocation('hangs');
      const began = Date.now();
      const { flat } = await run(0, 'restart', 'hangs', '--force');
      expect(flat).toContain('it had to be killed');
      expect(Date.now() - began).toBeLessThan(90_000);
      expect(await look.invocation('hangs')).not.toBe(before);
    });

    test('a stop is waited for, recorded, and undone by start, which ends a runner that somebody started by hand', async () => {
      await run(0, 'stop', 'web');
      expect(await look.isActive('web')).toBe(false);
      expect((await run(1, 'status', 'web')).flat).toMatch(/stopped by \S+ with fleet stop/);
      // A runner finds the share of the store only where virtiofsd is up.
      await look.sh(
        'systemctl start microvm-virtiofsd@web && cd /var/lib/microvms/web && current/bin/tap-up && systemd-run --unit=by-hand -p User=microvm -p Group=kvm -p WorkingDirectory=/var/lib/microvms/web "$(readlink -f current)/bin/microvm-run"',
      );
      // Processes end while they are looked at.
      await until(async () =>
        expect(await look.sh('cat /proc/[0-9]*/fdinfo/* 2>/dev/null || true')).toMatch(
          /^iff:\s+vm-web$/m,
        ),
      );
      const { flat } = await run(0, 'start', 'web');
      expect(flat).toMatch(/web started on hv1 in [\d.]+ s, healthy.* ended process \d+/);
      expect(await look.sh('systemctl is-active by-hand || true')).not.toBe('active');
      const done = await run(0, 'history', 'web');
      expect(done.stdout).toMatch(/start web {2}done[\s\S]*stop web {2}done/);
    });

    test('logs have the console over a restart, each unit of its own, a hypervisor’s, and what is written now', async () => {
      const boots = async () =>
        (
          (await run(0, 'logs', 'web', '--since', '1h', '--unit', 'console')).stdout.match(
            /guest: up/g,
          ) ?? []
        ).length;
      const before = await boots();
      await run(0, 'restart', 'web');
      expect(before).toBeGreaterThan(0);
      expect(await boots()).toBe(before + 1);
      expect((await run(0, 'logs', 'web', '--unit', 'tap', '--since', '1h')).stdout).toMatch(
        /systemd: /,
      );
      expect((await run(0, 'logs', 'hv1')).stdout).not.toContain('guest: up');
      const following = desk.start(['logs', '-f', 'web', 'hv1']);
      await until(() => expect(following.sofar().stdout).not.toBe(''));
      await look.sh('logger --tag=somebody "here it is"');
      const written = Date.now();
      await until(() => expect(following.sofar().stdout).toContain('here it is'));
      expect(Date.now() - written).toBeLessThan(10_000);
      following.kill('SIGINT');
      expect((await following.ended).code).toBe(130);
    });
  },
);
