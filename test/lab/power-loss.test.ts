import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { Look } from '../scenario/look.ts';
import { type Lab, type LabHost, labMissing, startLab } from './lab.ts';
import { worldOf } from './world.ts';

const missing = labMissing();

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'a hypervisor with a disk of its own',
  { timeout: 600_000 },
  () => {
    let lab: Lab;
    let hv1: LabHost;
    let desk: Desk;
    let look: Look;

    beforeAll(async () => {
      lab = await startLab({ hosts: 1, haveOwnDisks: true });
      hv1 = lab.hosts[0]!;
      const world = worldOf(lab);
      look = new Look(world.hosts[0]!);
      const fleet = emptyFleet(world);
      fleet.networks = { front: { subnet: '10.1.0.0/24' } };
      fleet.vms = { app: { on: 'hv1', network: 'front', state: 'stopped' } };
      desk = new Desk(world, 'power', fleet);
      await desk.open();
      await desk.apply(0);
    }, 600_000);
    afterAll(async () => {
      desk?.close();
      await lab?.stop();
    });

    const state = async () => ({
      system: await look.sh('readlink -f /run/current-system'),
      profile: await look.sh('readlink -f /nix/var/nix/profiles/system'),
      current: await look.sh('readlink /var/lib/microvms/app/current'),
      checkout: await look.sh('git -C /var/lib/fleet/repo rev-parse HEAD'),
    });
    /** A record that a power cut left empty says nothing to whoever reads it next. */
    const emptyRecords = () =>
      look.sh(
        'cd /var/lib/fleet && find fleet deployed held healthy expected deployments/*/meta deployments/*/before deployments/*/back.sh deployments/*/journal deployments/*/result -type f -empty 2>/dev/null || true',
      );
    const change = (packages: string[]) =>
      desk.edit((data) => {
        data.hypervisors.hv1.packages = packages;
        data.vms.app.packages = packages;
      });

    test('loses power in mid-deployment: all is as before, and nothing is in the way of the next', async () => {
      const before = await state();
      change(['htop']);
      let cut: Promise<void> | undefined;
      await desk.fleet(['apply', '--yes'], (text, kill) => {
        if (cut || !text.includes('update app: done')) return;
        cut = hv1.kill();
        kill('SIGKILL');
      });
      expect(cut).toBeDefined();
      await cut;

      await hv1.boot();

      const { checkout: _, ...after } = await state();
      expect(before).toMatchObject(after);
      expect(await emptyRecords()).toBe('');
      expect(await look.sh('ls /var/lib/fleet/lock 2>&1 || true')).toContain('No such file');
      const history = await desk.fleet(['history']);
      expect(history.stdout, history.stderr).toContain('rolled back');
    });

    test('loses power right after it was confirmed: all is new, and every record is whole', async () => {
      change(['htop', 'tmux']);
      await desk.apply(0, '--force');
      const after = await state();

      // Or this lab would be kinder than a cut of power.
      await look.sh('echo there > /root/not-synced');
      await hv1.kill();
      await hv1.boot();

      expect(await look.sh('cat /root/not-synced 2>&1 || true')).not.toContain('there');
      expect(await state()).toEqual(after);
      expect(await emptyRecords()).toBe('');
      const plan = await desk.fleet(['plan']);
      expect(plan.stdout).toContain('No changes');
    });
  },
);
