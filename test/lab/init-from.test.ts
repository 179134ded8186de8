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

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'a hypervisor whose Nix was written by hand becomes fleet’s',
  { timeout: 480_000 },
  () => {
    let lab: Lab;
    let hv1: LabHost;
    let folder: string;
    let started: string[];

    const fleet = (...args: string[]): Promise<Ran> =>
      run(process.execPath, [fleetProgram, '-C', folder, ...args], {
        env: {
          PATH: process.env.PATH,
          HOME: lab.home,
          FLEET_SSH_CONFIG: join(lab.home, '.ssh/config'),
        },
      });
    const edit = (change: (text: string) => string) => {
      const file = join(folder, 'fleet.yaml');
      writeFileSync(file, change(readFileSync(file, 'utf8')));
    };
    const invocation = (vm: string) =>
      succeed(hv1, `systemctl show --value -p InvocationID microvm@${vm}`);
    const answers = async () => {
      for (const address of ['10.1.0.11', '10.1.0.12', 'fd00:1::b', 'fd00:1::c']) {
        await until(`${address} answers`, 100_000, async () =>
          (await hv1.exec(`ping -c1 -W1 ${address}`)).code === 0 ? true : undefined,
        );
      }
    };
    /** What tells one file system from another that was made in its place. */
    const disk = (vm: string) =>
      succeed(hv1, `dumpe2fs -h /var/lib/microvms/${vm}/var.img | grep UUID`);
    /** A mount is nowhere to be read of a runner: a person writes it, and the label that fleet looks for. */
    const prepare = async (vm: string) => {
      await succeed(hv1, `systemctl stop microvm@${vm}`);
      await succeed(hv1, `e2label /var/lib/microvms/${vm}/var.img var`);
      return disk(vm);
    };
    const withVolume = (text: string) =>
      text.replace('    on: hv1\n', '    on: hv1\n    volumes: [{ mount: /var, size: 1GiB }]\n');

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      hv1 = lab.hosts[0]!;
      folder = join(lab.home, 'infra');
      const sample = await SampleFleet.create(lab, hv1);
      const switchTo = async (system: string) => {
        await succeed(hv1, `nix-env -p /nix/var/nix/profiles/system --set ${system}`);
        await succeed(hv1, `${system}/bin/switch-to-configuration switch`);
      };
      await switchTo(await sample.buildSystem());
      await sample.edit('hosts/hv1/config.nix', (text) =>
        text.replace('autostart = [ ]', 'autostart = [ "vm1" "vm2" ]'),
      );
      await sample.deliver();
      const system = await sample.buildSystem();
      // Where a person would have it, and nothing of it where fleet works.
      await succeed(hv1, 'mv /var/lib/fleet/repo /srv/infra && rmdir /var/lib/fleet');
      for (const vm of ['vm1', 'vm2'])
        await succeed(hv1, `microvm -f git+file:///srv/infra -c ${vm}`);
      await switchTo(system);
      await answers();
      await succeed(hv1, 'echo precious > /var/lib/microvms/vm1/kept');
      started = [await invocation('vm1'), await invocation('vm2')];
    }, 1_200_000);
    afterAll(() => lab.stop());

    test('init --from reads networks and vms', async () => {
      mkdirSync(folder);
      const hardware = join(lab.home, 'hardware.nix');
      writeFileSync(hardware, hv1.hardwareModule);
      const { code, stderr } = await fleet(
        ...['init', '--from', `root@${hv1.address}`, '--hypervisor', 'hv1'],
        ...['--ssh-key', join(lab.home, '.ssh/id_ed25519.pub'), '--hardware', hardware],
        ...['--state-version', '25.11', '--commit'],
      );
      expect(code, stderr).toBe(0);
      const text = readFileSync(join(folder, 'fleet.yaml'), 'utf8');
      expect(text).toContain('  lan:\n    subnet: 10.1.0.0/24\n    subnet6: fd00:1::/64\n');
      expect(text).toContain('git+file:///srv/infra#nixosConfigurations.vm1');
      expect(text).toMatch(/# {3}vm1:\n# {5}on: hv1\n# {5}network: lan\n# {5}address: 10.1.0.11\n/);
      expect(text).toContain('DECIDE: where var.img is mounted could not be read.');
      expect(text).toContain('    config:\n      boot.loader.systemd-boot.enable: true\n');
    });

    test('the plan switches the hypervisor and restarts nothing', async () => {
      edit((text) =>
        text
          .replace('name: infra\n', `name: infra\ninputs: ${JSON.stringify(lab.inputs)}\n`)
          .replace('name: infra\n', 'name: infra\nrollout: { confirm: 20s, settle: 2s }\n'),
      );
      const { url } = await lab.createRemote('infra');
      await run('git', ['-C', folder, 'remote', 'add', 'origin', url]);
      await run('git', ['-C', folder, 'commit', '-qam', 'Decided'], {
        env: { ...process.env, HOME: lab.home },
      });
      const { code, stdout, stderr } = await fleet('plan', '--no-diff', '--detailed-exitcode');
      expect(code, stderr).toBe(2);
      expect(stdout).toContain('1 to switch');
      expect(stdout).not.toMatch(/to (create|rebuild|restart|start|stop)/);
    });

    test('the first apply takes the hypervisor over, and the guests go on running and answering', async () => {
      const { code, stdout, stderr } = await fleet('apply', '--yes');
      expect(code, stdout + stderr).toBe(0);
      expect([await invocation('vm1'), await invocation('vm2')]).toEqual(started);
      await answers();
      expect(await succeed(hv1, 'bridge link show dev vm-vm1')).toContain('master br-lan');
      expect(await succeed(hv1, 'cat /run/current-system/undeclared-options.json')).toContain(
        '"systemd-boot":{"enable":true}',
      );
    });

    test('after a reboot the guests that are not fleet’s yet come back', async () => {
      await hv1.reboot();
      await answers();
    });

    test('uncommented, one becomes fleet’s on the disk that it had, and the other runs on', async () => {
      const other = await invocation('vm2');
      const before = await prepare('vm1');
      edit((text) =>
        withVolume(
          text
            .replace('# vms:', 'vms:')
            .replace(/^# {3}vm1:\n(# {5}.*\n)+/m, (lines) => lines.replaceAll(/^# {3}/gm, '  ')),
        ).replace(/( {6}microvm.autostart:\n) {8}- vm1\n/, '$1'),
      );
      const { code, stdout, stderr } = await fleet('apply', '--yes');
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/vm1 updated/);
      await answers();
      expect(await disk('vm1')).toBe(before);
      expect(await succeed(hv1, 'cat /var/lib/microvms/vm1/kept')).toBe('precious');
      expect(await invocation('vm2')).toBe(other);
    });

    test('with the last one goes all that was kept for them', async () => {
      const before = await prepare('vm2');
      const first = await invocation('vm1');
      edit((text) =>
        text
          .replace(/^# {3}vm2:\n(# {5}.*\n)+/m, (lines) =>
            withVolume(lines.replaceAll(/^# {3}/gm, '  ')),
          )
          .replace(/ {6}# Kept for vms.*\n( {6}.*\n)+/, ''),
      );
      const { code, stdout, stderr } = await fleet('apply', '--yes');
      expect(code, stdout + stderr).toBe(0);
      await answers();
      expect(await disk('vm2')).toBe(before);
      expect(await invocation('vm1')).toBe(first);
    });
  },
);
