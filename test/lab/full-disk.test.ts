import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Desk, type Run } from '../scenario/desk.ts';
import { fiveVms } from '../scenario/fleet.ts';
import { Look } from '../scenario/look.ts';
import type { World, WorldHost } from '../scenario/world.ts';
import { labMissing } from './missing.ts';
import { labWorld } from './world.ts';

const missing = labMissing();
const state = '/var/lib/fleet';

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'a hypervisor whose disk is full',
  { timeout: 360_000 },
  () => {
    let world: World;
    let hv1: WorldHost;
    let desk: Desk;
    let look: Look;

    const succeed = async (command: string): Promise<string> => {
      const { code, stdout, stderr } = await hv1.exec(command);
      if (code !== 0) throw new Error(`${command}: exit ${code}\n${stderr}`);
      return stdout.trim();
    };
    const freeKiB = async () =>
      Number(await succeed(`df -Pk ${state} | awk 'NR == 2 { print $4 }'`));
    /** Leaves as much of it. */
    const leave = async (kib: number) => {
      await succeed(`dd if=/dev/zero of=${state}/ballast bs=1024 count=${(await freeKiB()) - kib}`);
    };
    const apply = (...args: string[]): Promise<Run> => desk.fleet(['apply', '--yes', ...args]);
    const isAsBefore = async (runner: string) => {
      expect(await succeed('readlink /var/lib/microvms/vm1/current')).toBe(runner);
      expect(await look.answers('10.1.0.2')).toBe(true);
      expect(await look.exists(`${state}/lock`)).toBe(false);
    };

    beforeAll(async () => {
      world = await labWorld(1);
      hv1 = world.hosts[0]!;
      look = new Look(hv1);
      desk = new Desk(world, 'full', fiveVms(world));
      desk.data.vms = { vm1: desk.data.vms.vm1 };
      await desk.open();
      const { code, stdout, stderr } = await apply();
      if (code !== 0) throw new Error(stdout + stderr);
      // A file system of its own, small enough to be filled.
      await succeed(
        `cp -a ${state} /var/lib/kept && mount -t tmpfs -o size=96m none ${state} && cp -a /var/lib/kept/. ${state}`,
      );
    }, 1_200_000);
    afterAll(async () => {
      desk?.close();
      await world?.stop();
    }, 180_000);

    test('is refused before anything is done, with the number', async () => {
      const runner = await succeed('readlink /var/lib/microvms/vm1/current');
      desk.edit((d) => {
        d.vms.vm1.packages = ['htop'];
      });
      await leave(20 * 1024);
      const { code, stdout, stderr } = await apply();
      expect(code).toBe(1);
      expect(stdout + stderr).toMatch(/\/var\/lib\/fleet has \d+ MiB free, 64 MiB are needed/);
      await isAsBefore(runner);
      await succeed(`rm ${state}/ballast`);
    });

    test('and gets full while guests are changed, goes back; with room again the same is deployed', async () => {
      const runner = await succeed('readlink /var/lib/microvms/vm1/current');
      // Full from the moment on which a change begins: at once, or the change is done before.
      const newest = `ls -d ${state}/deployments/* | tail -n 1`;
      const filling = hv1.exec(
        `last=$(${newest}); until new=$(${newest}) && [ "$new" != "$last" ] && [ -e "$new/changing" ]; do sleep 0.01; done; fallocate -l "$(df -Pk ${state} | awk 'NR == 2 { print $4 }')KiB" ${state}/ballast; dd if=/dev/zero bs=4k >>${state}/ballast; df -Pk ${state}`,
      );
      const { code, stdout, stderr } = await apply();
      expect((await filling).stdout).toContain('100%');
      expect(code, stdout + stderr).toBe(3);
      await isAsBefore(runner);

      // A commit took it back.
      desk.save();
      const full = await apply('--force');
      expect(full.code).toBe(1);
      expect(full.stderr).toMatch(/0 MiB free|are not free for/);

      await succeed(`rm ${state}/ballast`);
      expect((await apply('--force')).code).toBe(0);
      expect(await succeed('readlink /var/lib/microvms/vm1/current')).not.toBe(runner);
      expect(await look.answers('10.1.0.2')).toBe(true);
    });
  },
);
