import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { LockHeld } from '../../src/host/hypervisor/deployment.ts';
import { type Restart, restartVm } from '../../src/host/hypervisor/operation.ts';
import { sshConnector } from '../../src/host/ssh/connector.ts';
import { hypervisor } from '../render/build.ts';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { Look } from '../scenario/look.ts';
import { here } from '../surroundings.ts';
import { type Lab, labMissing, startLab } from './lab.ts';
import { until } from './run.ts';
import { worldOf } from './world.ts';

const missing = labMissing();

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'restarts of one guest',
  { timeout: 360_000 },
  () => {
    let lab: Lab;
    let desk: Desk;
    let look: Look;
    let host: Host;
    const addresses = { hangs: '10.1.0.2', web: '10.1.0.3' };
    type Name = keyof typeof addresses;
    /** The build of `hangs` waits for it. */
    const gate = '/run/may-be-built';

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      const world = worldOf(lab);
      look = new Look(world.hosts[0]!);
      const fleet = emptyFleet(world);
      fleet.networks = { front: { subnet: '10.1.0.0/24' } };
      const guest = (name: Name) => ({ on: 'hv1', network: 'front', address: addresses[name] });
      fleet.vms = {
        hangs: { ...guest('hangs'), config: { boot: { kernelParams: ['lab.hang-stop'] } } },
        web: guest('web'),
      };
      desk = new Desk(world, 'restart', fleet);
      await desk.open();
      await desk.apply(0);
      host = await sshConnector({
        configFile: join(lab.home, '.ssh/config'),
        surroundings: here,
      }).connect(hypervisor('hv1', { ssh: { host: 'hv1' } }));
    }, 1_200_000);
    afterAll(async () => {
      host?.close();
      desk?.close();
      await lab?.stop();
    });

    const newId = () => `op-${randomBytes(4).toString('hex')}`;
    const restart = (vm: Name, more: Partial<Restart> = {}) =>
      restartVm(host, {
        ...{ id: newId(), operator: 'ada@desk', vm, lockTimeout: 0 },
        ...{ stopTimeout: 30_000, limit: 120_000, ...more },
      });
    const untilSo = (what: string, ask: () => Promise<boolean>) =>
      until(what, 60_000, async () => ((await ask()) ? true : undefined));
    const answers = (vm: Name) => untilSo(`${vm} answers`, () => look.answers(addresses[vm]));
    const subState = (vm: Name) => look.sh(`systemctl show --value -p SubState microvm@${vm}`);
    const isFree = async (name: string) =>
      (await lab.hosts[0]!.exec(`flock -n -x /run/fleet/locks/${name} true`)).code === 0;

    /** A guest and what comes and goes with it: each start makes all of it anew. */
    const life = async (vm: Name) => {
      const helpers = ['', '-virtiofsd', '-tap-interfaces', '-set-booted'];
      const invocations = helpers.map((helper) =>
        look.sh(`systemctl show --value -p InvocationID microvm${helper}@${vm}`),
      );
      const tap = await look.sh(`cat /sys/class/net/vm-${vm}/ifindex`);
      return [...(await Promise.all(invocations)), tap];
    };

    test('fleet build finds a misspelt package there and here, and what runs goes on', async () => {
      const running = async () =>
        (
          await lab.hosts[0]!.exec(
            'readlink /run/current-system /nix/var/nix/profiles/system /var/lib/microvms/*/current /var/lib/microvms/*/booted; ls -a /var/lib/fleet /var/lib/fleet/deployments; ls -a /tmp | grep -v ^systemd-private-; git -C /var/lib/fleet/repo rev-parse HEAD; systemctl show -p InvocationID microvm@web microvm@hangs; systemctl list-units --plain --no-legend "fleet-*" | grep -Ev "^fleet-(watch|sample|alerts|reconcile)\\."',
          )
        ).stdout;
      const before = await running();
      desk.edit((d) => {
        d.vms.web.packages = ['no-such-editor'];
      });
      for (const at of ['hypervisor', 'here']) {
        const run = await desk.fleet(['build', 'web', '--at', at, '--json']);
        expect(run.code, run.stderr).toBe(1);
        const { diagnostics, machines } = JSON.parse(run.stdout);
        const line = desk.read('fleet.yaml').split('no-such-editor')[0]?.split('\n').length;
        expect(diagnostics, machines[0].failure?.detail).toEqual([
          expect.objectContaining({ code: 'build.no-package', file: 'fleet.yaml', line }),
        ]);
      }
      desk.edit((d) => {
        delete d.vms.web.packages;
      });
      const run = await desk.fleet(['build', '--at', 'hypervisor', '--json']);
      expect(run.code, run.stderr).toBe(0);
      // What runs is what it builds: nothing was evaluated to something else.
      const paths = JSON.parse(run.stdout).machines.map((m: { path: string }) => m.path);
      for (const path of paths) expect(before).toContain(path);
      expect(await running()).toBe(before);
    });

    test('is another life of the guest and its helpers, on the same runner, and of no other guest', async () => {
      const [before, other] = [await life('web'), await life('hangs')];
      const runner = await look.booted('web');
      expect(await restart('web')).toMatchObject({ isKilled: false });
      await answers('web');
      const after = await life('web');
      for (const [i, part] of after.entries()) {
        expect(part).not.toBe('');
        expect(part).not.toBe(before[i]);
      }
      expect(await look.master('vm-web')).toBe('br-front');
      expect([await look.booted('web'), await look.runner('web')]).toEqual([runner, runner]);
      expect(await life('hangs')).toEqual(other);
      expect(await look.sh('systemctl is-system-running')).toBe('running');
      const plan = await desk.fleet(['plan', '--detailed-exitcode', '--no-diff']);
      expect(plan.code, plan.stdout).toBe(0);
    });

    test('a guest that does not stop is killed after stopTimeout, and runs again', async () => {
      const before = await life('hangs');
      const started = Date.now();
      expect(await restart('hangs', { stopTimeout: 4000 })).toMatchObject({ isKilled: true });
      expect(Date.now() - started).toBeGreaterThan(4000);
      await answers('hangs');
      const after = await life('hangs');
      for (const [i, part] of after.entries()) expect(part).not.toBe(before[i]);
    });

    test('killed while the guest stops, it leaves that to systemd, which starts the guest again', async () => {
      // How long systemd waits by itself.
      const patience = '/run/systemd/system/microvm@hangs.service.d/patience.conf';
      await look.sh(
        `mkdir -p "$(dirname ${patience})" && printf '[Service]\\nTimeoutStopSec=8\\n' >${patience} && systemctl daemon-reload`,
      );
      const before = await life('hangs');
      const id = newId();
      const ended = expect(restart('hangs', { id })).rejects.toMatchObject({
        code: 'operation.ended',
      });
      await untilSo('stopping', async () => (await subState('hangs')) === 'stop-sigterm');
      await look.sh(`systemctl kill --signal=KILL fleet-operation-${id}.service`);
      await ended;
      expect([await isFree('hangs'), await isFree('hypervisor.')]).toEqual([true, true]);
      expect(await subState('hangs')).toBe('stop-sigterm');
      await untilSo('running', async () => (await subState('hangs')) === 'running');
      await answers('hangs');
      const after = await life('hangs');
      for (const [i, part] of after.entries()) expect(part).not.toBe(before[i]);
      await look.sh(`rm ${patience} && systemctl daemon-reload`);
    });

    test('it waits for no build of a deployment, but for its changes, which it names, to its end', async () => {
      desk.write(
        'hosts/hangs/gate.nix',
        `{ pkgs, ... }:
{
  environment.systemPackages = [
    (pkgs.runCommand "gate" { } "until [ -e ${gate} ]; do sleep 0.1; done; mkdir -p $out/bin")
  ];
}
`,
      );
      await desk.git('add', '.');
      await desk.git('commit', '-qm', 'a package that takes its time');
      desk.edit((d) => {
        d.vms.hangs.modules = ['./hosts/hangs/gate.nix'];
      });
      const apply = desk.fleet(['apply', '--yes']);
      await untilSo(
        'the build',
        async () => (await look.sh("pgrep -f '/run/may-be-buil[t]' || true")) !== '',
      );
      const built = await life('web');
      expect(await restart('web')).toMatchObject({ isKilled: false });
      const restarted = await life('web');
      expect(restarted[0]).not.toBe(built[0]);

      await look.sh(`touch ${gate}`);
      await untilSo('changes', async () => (await subState('hangs')) !== 'running');
      const refused = await restart('web').catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(LockHeld);
      const id = await look.sh('basename "$(readlink /var/lib/fleet/lock)"');
      expect(refused).toMatchObject({ holder: { id, operation: 'apply' } });
      const waiting = restart('web', { lockTimeout: 90_000 });
      const run = await apply;
      expect(run.code, run.stdout + run.stderr).toBe(0);
      expect(run.stderr).toContain('an operation ran on web while this built');
      await waiting;
      await answers('web');
      // Not before the deployment had ended.
      const result = await look.sh(`stat -c %Y /var/lib/fleet/deployments/${id}/result`);
      const up = await look.sh(
        'date -d "$(systemctl show --value -p ActiveEnterTimestamp microvm@web)" +%s',
      );
      expect(Number(up)).toBeGreaterThanOrEqual(Number(result));
      expect((await life('web'))[0]).not.toBe(restarted[0]);
    });

    test('a deployment that waits for one ends when it is asked to, and changes nothing', async () => {
      const id = newId();
      const before = await life('hangs');
      const under = restart('hangs', { id, stopTimeout: 45_000 });
      await untilSo('stopping', async () => (await subState('hangs')) === 'stop-sigterm');
      desk.edit((d) => {
        d.vms.web.packages = ['htop'];
        d.rollout.stopTimeout = '90s';
      });
      const { ended, kill } = desk.start(['apply', '--yes']);
      const locked = 'ls /var/lib/fleet/deployments/*/locked | wc -l';
      const many = await look.sh(locked);
      await untilSo('waiting', async () => (await look.sh(locked)) !== many);
      kill('SIGINT');
      const run = await ended;
      expect(run.code, run.stdout + run.stderr).toBe(130);
      expect(run.stdout).toMatch(/hv1 +failed, untouched\n +interrupted/);
      // It was not the end of the operation that ended it.
      expect(await subState('hangs')).toBe('stop-sigterm');
      expect(await under).toMatchObject({ isKilled: true });
      expect((await life('hangs'))[0]).not.toBe(before[0]);
      expect(await isFree('hypervisor.')).toBe(true);
    });
  },
);
