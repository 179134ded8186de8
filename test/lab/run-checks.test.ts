import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Examined } from '../../src/model/examined.ts';
import { sshConfig } from '../host/desk.ts';
import { makeDesk, publicKey, startSshd } from '../host/sshd.ts';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { Look } from '../scenario/look.ts';
import { type Lab, labMissing, startLab } from './lab.ts';
import { worldOf } from './world.ts';

const missing = labMissing();

const example = (file: string) =>
  readFileSync(join(import.meta.dirname, '../../examples/kind', file), 'utf8');

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'checks, exports and logins, over ssh into a guest',
  { timeout: 600_000 },
  () => {
    let lab: Lab;
    let desk: Desk;
    let look: Look;
    const command = 'test "$(id -un)" = fleet-check && ! grep -q broken /proc/cmdline';

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      const world = worldOf(lab);
      look = new Look(world.hosts[0]!);
      const { networks, vms } = parse(example('fleet.yaml'));
      // A disk of this machine.
      vms.kind.volumes[0].size = '1GiB';
      desk = new Desk(world, 'run-checks', {
        ...emptyFleet(world),
        networks: { front: { subnet: '10.1.0.0/24' }, ...networks },
        vms: {
          vm1: {
            on: 'hv1',
            network: 'front',
            address: '10.1.0.2',
            users: { ops: { sshKeys: [world.hosts[0]!.publicKey] } },
            checks: [{ run: command, within: '3m' }],
            // Another one at each boot.
            exports: [{ file: '/proc/sys/kernel/random/boot_id', to: '~/boots/vm1' }],
          },
          ...vms,
        },
      });
      // A guest with an sshd boots in twice the time of others.
      desk.data.rollout.deadline = '5m';
      // On a busy machine a login into one takes longer than a check may, and the watch would restart it.
      desk.data.defaults.recovery = { unhealthy: { restart: false } };
      desk.write('kind.nix', example('kind.nix'));
      await desk.open();
    }, 1_200_000);
    afterAll(async () => {
      desk?.close();
      await lab?.stop();
    });

    test('a command that succeeds lets the guest be deployed, and is seen by verify', async () => {
      await desk.apply(0);
      const verify = await desk.fleet(['verify', '--on', 'vm1']);
      expect(verify.stdout).toMatch(/All \d+ checks passed/);
      // Lines are as wide as a terminal.
      expect(verify.stdout.replaceAll(/\s+/g, ' ')).toContain(`run ${command}`);
    });

    const inHome = (path: string) => join(lab.home, path);
    const read = (path: string) => readFileSync(inHome(path), 'utf8');

    test('what guests export comes here, for its user alone, and anew when they were started', async () => {
      mkdirSync(inHome('.kube'), { mode: 0o700 });
      const mine = 'apiVersion: v1\nkind: Config # mine\ncurrent-context: other\n';
      writeFileSync(inHome('.kube/config'), mine, { mode: 0o600 });
      const run = await desk.fleet(['export']);
      expect([run.code, run.stderr]).toEqual([0, '']);
      const mode = (path: string) => (statSync(inHome(path)).mode & 0o777).toString(8);
      expect(['.kube/config', 'boots', 'boots/vm1'].map(mode)).toEqual(['600', '700', '600']);
      const first = read('boots/vm1');
      expect(first).toMatch(/^[0-9a-f-]{36}\n$/);

      expect((await desk.fleet(['restart', 'vm1'])).stdout).toContain(inHome('boots/vm1'));
      const second = read('boots/vm1');
      expect(second).not.toBe(first);
      rmSync(inHome('boots/vm1'));
      // It is well, and stays as it is.
      expect((await desk.fleet(['start', 'vm1'])).code).toBe(0);
      expect(read('boots/vm1')).toBe(second);
    });

    test('the kubeconfig of examples/kind leads to an API server that is ready', async () => {
      expect(read('.kube/config')).toContain('kind: Config # mine\ncurrent-context: other\n');
      const { contexts, clusters, users } = parse(read('.kube/config'));
      expect([contexts, users].map(([one]) => one.name)).toEqual(['kind', 'kind']);
      expect(clusters[0]).toMatchObject({
        name: 'kind',
        cluster: { server: 'http://10.20.0.2:6443' },
      });
      const { server } = clusters[0].cluster;
      expect(await look.sh(`curl -sS -m 5 ${server}/readyz`)).toBe('ok');
      const { token } = users[0].user;
      // Its disk keeps the cluster, and start reads its kubeconfig anew.
      rmSync(inHome('.kube/config'));
      const run = await desk.fleet(['restart', 'kind']);
      expect(run.code, run.stdout + run.stderr).toBe(0);
      expect(parse(read('.kube/config')).users[0].user.token).toBe(token);
      expect(existsSync(inHome('.kube/config.lock'))).toBe(false);
      expect(await look.sh(`curl -sS -m 5 ${server}/readyz`)).toBe('ok');
    });

    test('exec runs on a hypervisor and in a guest, and exits with the worst', async () => {
      const words = 'read -r word; echo "$word $(id -un)"; [ ! -d /nix/var ] || exit 3; exit 2';
      const run = await desk.fleet(['exec', '--stdin', 'hv1,vm1', '--', words], undefined, 'it\n');
      expect([run.code, run.stderr]).toEqual([3, 'hv1: exit 3\nvm1: exit 2\n']);
      expect(run.stdout.split('\n').sort()).toEqual(['', 'hv1: it root', 'vm1: it ops']);
      const late = await desk.fleet(['exec', '--timeout', '2s', 'vm1', '--', 'sleep 60']);
      expect([late.code, late.stdout]).toEqual([255, '']);
      expect(late.stderr).toContain('vm1: the command did not end within 2 s');
    });

    test('ssh goes into a hypervisor, and through it into a guest that runs', async () => {
      const there = await desk.fleet(['ssh', 'hv1', '--', 'id -un; exit 4']);
      expect(there).toEqual({ code: 4, stdout: 'root\n', stderr: '' });
      const inside = await desk.fleet(['ssh', 'vm1', '--', 'id -un; exit 6']);
      expect(inside).toEqual({ code: 6, stdout: 'ops\n', stderr: '' });
    });

    test('doctor finds nothing wrong but that this machine has no KVM', async () => {
      const { stdout } = await desk.fleet(['doctor', '--json']);
      const { examined } = JSON.parse(stdout) as { examined: Examined[] };
      const wrong = examined.filter(({ state, check }) => state === 'wrong' && check !== 'kvm');
      expect(wrong).toEqual([]);
    });

    test('ssh says of a guest that was stopped that it does not run, and what starts it', async () => {
      // Held, so that what follows has one guest alone, and its time.
      expect((await desk.fleet(['stop', '--hold', 'kind'])).code).toBe(0);
      const down = await desk.fleet(['ssh', '--user', 'root', 'kind', '--', 'true']);
      expect([down.code, down.stdout]).toEqual([255, '']);
      expect(down.stderr).toContain('kind is not running (inactive, dead)');
      expect(down.stderr).toContain('fleet start kind');
    });

    test('one that fails brings the guest back on what it was', async () => {
      const good = await look.booted('vm1');
      desk.edit((d) => {
        d.vms.vm1.config = { boot: { kernelParams: ['broken'] } };
      });
      const run = await desk.apply(3);
      expect(run.stdout).toContain(`vm1 run ${command}: expected exit 0, seen exit 1`);
      expect(await look.booted('vm1')).toBe(good);
      desk.edit((d) => {
        delete d.vms.vm1.config;
      });
    });

    test('a guest with another host key than the one made for it is not talked to', async () => {
      const good = await look.booted('vm1');
      desk.write(
        'hosts/vm1/own-key.nix',
        `{ lib, ... }:
{
  services.openssh.hostKeys = lib.mkForce [
    {
      path = "/etc/ssh/ssh_host_ed25519_key";
      type = "ed25519";
    }
  ];
}
`,
      );
      await desk.git('add', 'hosts/vm1/own-key.nix');
      await desk.git('commit', '-qm', 'a key of its own');
      desk.edit((d) => {
        d.vms.vm1.modules = ['./hosts/vm1/own-key.nix'];
      });
      const run = await desk.apply(3);
      expect(run.stdout).toMatch(/vm1 run .*seen ssh failed: .*Host key verification failed/);
      expect(await look.booted('vm1')).toBe(good);
      await desk.verified();
    });

    // Here because a host with a guest that is checked has been booted.
    test('all of it with a certificate, through a jump host, by OpenSSH', async () => {
      const keys = makeDesk();
      const [key, ca] = [keys.key('certified'), keys.key('ca')];
      const args = ['-q', '-s', ca, '-I', 'ada', '-n', 'root', `${key}.pub`];
      execFileSync('ssh-keygen', args);
      const jump = await startSshd(keys, [], { settings: `TrustedUserCAKeys ${ca}.pub` });
      try {
        desk.edit((d) => {
          delete d.vms.vm1.modules;
          d.hypervisors.hv1.config = {
            environment: { etc: { '"ssh/ca.pub"': { text: publicKey(ca) } } },
            services: { openssh: { extraConfig: 'TrustedUserCAKeys /etc/ssh/ca.pub\n' } },
          };
        });
        await desk.apply(0);
        const host = lab.hosts[0]!;
        const known = `${jump.knownHosts}${host.address} ${host.hostKey}\n`;
        const config = sshConfig(
          keys,
          `Host ${host.address}\n  ProxyJump root@${jump.address}:${jump.port}\nHost *\n  IdentityFile ${key}`,
          known,
        );
        desk.edit((d) => {
          d.vms.vm1.packages = ['htop'];
          d.vms.vm1.checks.push({ tcp: 22 });
        });
        const before = await look.booted('vm1');
        const run = await desk.fleet(['--ssh-config', config, 'apply', '--yes']);
        expect(run.code, `${run.stdout}\n${run.stderr}`).toBe(0);
        expect(await look.booted('vm1')).not.toBe(before);
        expect(jump.log()).toContain('Accepted publickey for root from');
        expect(jump.log()).toContain('ED25519-CERT');
      } finally {
        jump.stop();
        keys.remove();
      }
    });
  },
);
