import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Lab, type LabHost, labMissing, startLab } from './lab.ts';
import { type Ran, run, until } from './run.ts';
import { SampleFleet, succeed } from './sample.ts';

const missing = labMissing();
const fleetProgram =
  process.env.FLEET_ENTRY ?? fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** vm1 and vm2, of the hypervisor's own configuration, with TAPs of their own names. */
const guests = `microvm.vms = builtins.listToAttrs (map (n: {
    name = "vm\${n}";
    value.config = {
      microvm.vcpu = 1;
      microvm.mem = 1024;
      microvm.hypervisor = "qemu";
      microvm.interfaces = [ { type = "tap"; id = "lan-vm\${n}"; mac = "02:00:00:00:00:0\${n}"; } ];
      microvm.shares = [ { tag = "ro-store"; source = "/nix/store"; mountPoint = "/nix/.ro-store"; proto = "virtiofs"; readOnly = true; } ];
      boot.initrd.systemd.enable = true;
      networking.useDHCP = false;
      networking.useNetworkd = true;
      systemd.network.networks."10-uplink" = {
        matchConfig.MACAddress = "02:00:00:00:00:0\${n}";
        address = [ "10.1.0.1\${n}/24" ];
        gateway = [ "10.1.0.1" ];
      };
      system.stateVersion = "25.11";
    };
  }) [ "1" "2" ]);`;

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'a hypervisor whose guests are in its own configuration becomes fleet’s',
  { timeout: 480_000 },
  () => {
    let lab: Lab;
    let hv1: LabHost;
    let folder: string;

    const fleet = (...args: string[]): Promise<Ran> =>
      run(process.execPath, [fleetProgram, '-C', folder, ...args], {
        env: {
          PATH: process.env.PATH,
          HOME: lab.home,
          FLEET_SSH_CONFIG: join(lab.home, '.ssh/config'),
        },
      });
    const apply = async (code: number, ...args: string[]) => {
      const ran = await fleet('apply', '--yes', ...args);
      expect(ran.code, ran.stdout + ran.stderr).toBe(code);
      return ran;
    };
    const edit = (change: (text: string) => string) => {
      const file = join(folder, 'fleet.yaml');
      const text = readFileSync(file, 'utf8');
      const changed = change(text);
      expect(changed).not.toBe(text);
      writeFileSync(file, changed);
    };
    const invocations = async () => {
      const show = (vm: string) =>
        succeed(hv1, `systemctl show --value -p InvocationID microvm@${vm}`);
      return [await show('vm1'), await show('vm2')];
    };
    const answers = async () => {
      for (const address of ['10.1.0.11', '10.1.0.12']) {
        await until(`${address} answers`, 100_000, async () =>
          (await hv1.exec(`ping -c1 -W1 ${address}`)).code === 0 ? true : undefined,
        );
      }
    };

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      hv1 = lab.hosts[0]!;
      folder = join(lab.home, 'infra');
      const sample = await SampleFleet.create(lab, hv1);
      await sample.edit('hosts/hv1/config.nix', (text) =>
        text.replace('microvm.autostart = [ ];', guests),
      );
      await sample.edit('hosts/hv1/networks.nix', (text) =>
        text.replace('vm-vm1 vm-vm2', 'lan-vm1 lan-vm2'),
      );
      await sample.deliver();
      const system = await sample.buildSystem();
      await succeed(hv1, 'mv /var/lib/fleet/repo /srv/infra && rmdir /var/lib/fleet');
      await succeed(hv1, `nix-env -p /nix/var/nix/profiles/system --set ${system}`);
      await succeed(hv1, `${system}/bin/switch-to-configuration switch`);
      await answers();
      mkdirSync(folder);
      const hardware = join(lab.home, 'hardware.nix');
      writeFileSync(hardware, hv1.hardwareModule);
      const { code, stderr } = await fleet(
        ...['init', '--from', `root@${hv1.address}`, '--hypervisor', 'hv1'],
        ...['--ssh-key', join(lab.home, '.ssh/id_ed25519.pub'), '--hardware', hardware],
        ...['--state-version', '25.11', '--commit'],
      );
      expect(code, stderr).toBe(0);
      const { url } = await lab.createRemote('infra');
      await run('git', ['-C', folder, 'remote', 'add', 'origin', url]);
      edit((text) =>
        text.replace(
          'name: infra\n',
          `name: infra\ninputs: ${JSON.stringify(lab.inputs)}\nrollout: { confirm: 20s, settle: 2s, deadline: 90s }\n`,
        ),
      );
    }, 1_200_000);
    afterAll(() => lab.stop());

    test('a first apply that fails says which guests its roll-back restarted, and they run', async () => {
      const before = await invocations();
      edit((text) =>
        text.replace(
          '      boot.loader.systemd-boot.enable: true\n',
          '      boot.loader.systemd-boot.enable: true\n      systemd.services.bogus: { wantedBy: [multi-user.target], script: exit 1 }\n',
        ),
      );
      const plan = await fleet('plan', '--no-diff');
      expect(plan.stdout).toContain('vm1, vm2 are in microvm.vms of the running system');
      const { stdout } = await apply(3);
      const after = await invocations();
      for (const [i, vm] of ['vm1', 'vm2'].entries()) {
        const isSaid = stdout.includes(`${vm} was restarted by the switch`);
        expect([vm, isSaid]).toEqual([vm, after[i] !== before[i]]);
      }
      await answers();
    });

    test('the first apply restarts none, and gives each a root of its own', async () => {
      const before = await invocations();
      edit((text) => text.replace(/ {6}systemd.services.bogus: .*\n/, ''));
      await apply(0);
      expect(await invocations()).toEqual(before);
      await answers();
      const runner = await succeed(hv1, 'readlink /var/lib/microvms/vm2/current');
      expect(await succeed(hv1, `nix-store -q --roots ${runner}`)).toContain(
        '/var/lib/microvms/vm2/current',
      );
    });

    test('one is handed over though microvm.vms left its link, and a roll-back that does not fit is refused', async () => {
      const [, other] = await invocations();
      edit((text) =>
        text
          .replace('# vms:', 'vms:')
          .replace(/^# {3}vm1:\n(# {5}.*\n)+/m, (lines) => lines.replaceAll(/^# {3}/gm, '  '))
          .replace(/( {6}microvm.autostart:\n) {8}- vm1\n/, '$1'),
      );
      await apply(0);
      await answers();
      expect((await invocations())[1]).toBe(other);
      expect((await hv1.exec('test -e /var/lib/microvms/vm1/toplevel')).code).toBe(1);
      const system = await succeed(hv1, 'readlink /run/current-system');
      const alone = await fleet('rollback', 'hv1', '--yes');
      expect(alone.code, alone.stdout + alone.stderr).toBe(1);
      expect(alone.stderr).toContain('fleet rollback hv1 vm1 --to hv1=');
      expect(await succeed(hv1, 'readlink /run/current-system')).toBe(system);
      const [, words = ''] = /fleet (rollback hv1 vm1 --to .*)/.exec(alone.stderr) ?? [];
      const together = await fleet(...words.split(' '), '--yes');
      expect(together.code, together.stdout + together.stderr).toBe(0);
      await answers();
    });

    test('what runs and is not fleet’s survives garbage collection', async () => {
      await succeed(hv1, 'nix-collect-garbage -d');
      await succeed(hv1, 'systemctl restart microvm@vm2');
      await answers();
    });
  },
);
