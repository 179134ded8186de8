import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sshConfig } from '../host/desk.ts';
import { makeDesk, publicKey, startSshd } from '../host/sshd.ts';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { Look } from '../scenario/look.ts';
import { type Lab, labMissing, startLab } from './lab.ts';
import { worldOf } from './world.ts';

const missing = labMissing();

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'run checks, over ssh into a guest',
  { timeout: 300_000 },
  () => {
    let lab: Lab;
    let desk: Desk;
    let look: Look;
    const command = 'test "$(id -un)" = fleet-check && ! grep -q broken /proc/cmdline';

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      const world = worldOf(lab);
      look = new Look(world.hosts[0]!);
      desk = new Desk(world, 'run-checks', {
        ...emptyFleet(world),
        networks: { front: { subnet: '10.1.0.0/24' } },
        vms: {
          vm1: {
            on: 'hv1',
            network: 'front',
            address: '10.1.0.2',
            checks: [{ run: command }],
          },
        },
      });
      await desk.open();
    }, 600_000);
    afterAll(async () => {
      desk?.close();
      await lab?.stop();
    });

    test('a command that succeeds lets the guest be deployed, and is seen by verify', async () => {
      await desk.apply(0);
      const verify = await desk.fleet(['verify']);
      expect(verify.stdout).toMatch(/All \d+ checks passed/);
      // Lines are as wide as a terminal.
      expect(verify.stdout.replaceAll(/\s+/g, ' ')).toContain(`run ${command}`);
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
      expect((await desk.fleet(['verify'])).code).toBe(0);
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
