import { execFile } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Installation } from '../package/installation.ts';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { Look } from '../scenario/look.ts';
import { type Lab, labMissing, startLab } from './lab.ts';
import { worldOf } from './world.ts';

const missing = labMissing();

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'at the console of a hypervisor whose cable is cut, with fleet as npm installs it',
  { timeout: 300_000 },
  () => {
    let lab: Lab;
    let desk: Desk;
    let look: Look;
    const addresses = { web: '10.1.0.2', db: '10.1.0.3' };

    beforeAll(async () => {
      const installation = await new Installation().make();
      try {
        lab = await startLab({ hosts: 1 });
        const world = worldOf(lab);
        look = new Look(world.hosts[0]!);
        const fleet = emptyFleet(world);
        fleet.networks = { front: { subnet: '10.1.0.0/24' } };
        fleet.rollout = { ...fleet.rollout, confirm: '30s' };
        fleet.vms = {
          web: { on: 'hv1', network: 'front', address: addresses.web },
          db: { on: 'hv1', network: 'front', address: addresses.db },
        };
        desk = new Desk(world, 'local', fleet);
        await desk.open();
        await desk.apply(0);
        desk.edit((d) => {
          for (const vm of ['web', 'db']) d.vms[vm].packages = ['htop'];
          d.hypervisors.hv1.packages = ['htop'];
        });
        await desk.apply(0);
        await install(installation);
      } finally {
        installation.remove();
      }
      await lab.hosts[0]!.cutLink();
    }, 600_000);
    afterAll(async () => {
      desk?.close();
      await lab?.stop();
    });

    /** The package, the Node that runs this, and a program `fleet` of both. */
    async function install({ prefix }: Installation): Promise<void> {
      cpSync(process.execPath, join(prefix, 'node'));
      const main = '/opt/fleet/lib/node_modules/microvm-fleet/dist/main.js';
      writeFileSync(join(prefix, 'fleet'), `#!/bin/sh\nexec /opt/fleet/node ${main} "$@"\n`, {
        mode: 0o755,
      });
      const config = join(lab.home, '.ssh/config');
      const unpack =
        'mkdir -p /opt/fleet && tar -x -C /opt/fleet && ln -sf /opt/fleet/fleet /usr/local/bin/fleet';
      await promisify(execFile)(
        'sh',
        ['-c', 'tar -c -C "$1" . | ssh -F "$2" hv1 "$3"', 'sh', prefix, config, unpack],
        { maxBuffer: 1 << 24 },
      );
    }

    const fleet = async (words: string) => {
      const run = await lab.hosts[0]!.exec(`cd /root && fleet ${words} </dev/null`, 240_000);
      return { ...run, all: `${run.stdout}${run.stderr}`.replace(/\s+/g, ' ') };
    };

    test('status, verify and history know this machine, its fleet and its guests', async () => {
      const { hypervisors, vms } = JSON.parse((await fleet('status --local --json')).stdout);
      expect(hypervisors.map(({ name }: { name: string }) => name)).toEqual(['hv1']);
      expect(vms.map(({ name }: { name: string }) => name).sort()).toEqual(['db', 'web']);
      for (const words of ['status', 'verify', 'history', 'logs web', 'rollback --list']) {
        const run = await fleet(`${words} --local`);
        expect(run.code, `${words}: ${run.all}`).toBe(0);
      }
      expect(await look.sh('cd /var/lib/fleet/repo && git status --porcelain')).toBe('');
    });

    test('restart, stop and start act on one guest', async () => {
      const before = await look.invocations(['web', 'db']);
      const run = await fleet('restart db --local');
      expect(run.code, run.all).toBe(0);
      const after = await look.invocations(['web', 'db']);
      expect(after.web).toBe(before.web);
      expect(after.db).not.toBe(before.db);
      expect((await fleet('stop db --local')).code).toBe(0);
      expect(await look.isActive('db')).toBe(false);
      expect((await fleet('status --local')).code).toBe(1);
      expect((await fleet('start db --local')).code).toBe(0);
    });

    test('a roll-back whose terminal goes leaves the old or the new, and no lock', async () => {
      const was = await look.runner('web');
      // The end of `script` is the end of its terminal.
      await look.sh(
        `cd /root; script -qec 'fleet rollback web --yes --local' /dev/null >/tmp/terminal 2>&1 </dev/null & terminal=$!
        until [ -e "/var/lib/fleet/$(readlink /var/lib/fleet/lock)/changing" ]; do sleep 0.1; done
        kill -KILL $terminal`,
      );
      await expect
        .poll(() => look.exists('/var/lib/fleet/lock'), { timeout: 180_000, interval: 1000 })
        .toBe(false);
      expect(await look.runner('web')).toBe(was);
      expect(await look.booted('web')).toBe(was);
      const run = await fleet('verify --local');
      expect(run.code, run.all).toBe(0);
    });

    test('rollback returns a guest, then the hypervisor itself with the rest', async () => {
      const was = await look.runner('web');
      const one = await fleet('rollback web --yes --local');
      expect(one.code, one.all).toBe(0);
      expect(await look.runner('web')).not.toBe(was);
      expect(await look.booted('web')).toBe(await look.runner('web'));
      const system = await look.system();
      const all = await fleet('rollback hv1 --yes --local');
      expect(all.code, all.all).toBe(0);
      expect(await look.system()).not.toBe(system);
      for (const address of Object.values(addresses))
        expect(await look.answers(address)).toBe(true);
      const run = await fleet('verify --local');
      expect(run.code, run.all).toBe(0);
    });

    test('without sshd from the beginning it works all the same', async () => {
      await look.sh('systemctl stop sshd');
      const run = await fleet('restart web --local');
      expect(run.code, run.all).toBe(0);
      await look.sh('systemctl start sshd');
    });

    test('as anybody else than root it says what to type: 64', async () => {
      const run = await lab.hosts[0]!.exec(
        'cd /; setpriv --reuid 65534 --clear-groups fleet status --local',
      );
      expect(run.code).toBe(64);
      expect(run.stderr).toContain('sudo fleet');
    });
  },
);
