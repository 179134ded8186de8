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

/** br-s as NixOS's scripted networking makes it: by units of its own, and each TAP joins it at its start. */
const scripted = `{ pkgs, ... }:
let
  ip = "\${pkgs.iproute2}/bin/ip";
in
{
  systemd.services = {
    br-s-netdev = {
      description = "Bridge Interface br-s";
      wantedBy = [ "multi-user.target" ];
      after = [ "network-pre.target" ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
      };
      script = ''
        \${ip} link show br-s >/dev/null 2>&1 && \${ip} link del dev br-s
        \${ip} link add name br-s type bridge
        \${ip} link set dev br-s up
      '';
      postStop = "\${ip} link del dev br-s || true";
    };
    network-addresses-br-s = {
      description = "Address configuration of br-s";
      wantedBy = [ "multi-user.target" ];
      bindsTo = [ "br-s-netdev.service" ];
      after = [ "br-s-netdev.service" ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
      };
      script = ''
        \${ip} address replace 10.1.0.1/24 dev br-s
        \${ip} address replace fd00:1::1/64 dev br-s
      '';
    };
    "microvm-tap-interfaces@".serviceConfig.ExecStartPost = "\${ip} link set s-%i master br-s";
  };
  systemd.network.networks."20-lan".matchConfig.Name = "lan-lan1";
  systemd.network.networks."20-lan".networkConfig.Bridge = "br0";
}
`;

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'a hypervisor with a scripted bridge, and a bridge that carries its LAN, becomes fleet’s',
  { timeout: 480_000 },
  () => {
    let lab: Lab;
    let hv1: LabHost;
    let folder: string;
    let system: string;
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
      const text = readFileSync(file, 'utf8');
      const changed = change(text);
      expect(changed).not.toBe(text);
      writeFileSync(file, changed);
    };
    const invocations = async () => [
      await succeed(hv1, 'systemctl show --value -p InvocationID microvm@vm1'),
      await succeed(hv1, 'systemctl show --value -p InvocationID microvm@Web_1'),
    ];
    const answers = async (timeoutMs: number) => {
      for (const address of ['10.1.0.11', '10.1.0.12', 'fd00:1::b', 'fd00:1::c']) {
        await until(`${address} answers`, timeoutMs, async () =>
          (await hv1.exec(`ping -c1 -W1 ${address}`)).code === 0 ? true : undefined,
        );
      }
    };
    /** Both guests run as they did, in their bridge, and the hypervisor is where it was in the LAN. */
    const isWhole = async () => {
      expect(await invocations()).toEqual(started);
      // A bridge that was made anew may have another MAC: who talked to the old one asks again after half a minute.
      await answers(45_000);
      expect(await succeed(hv1, 'ls /sys/class/net/br-s/brif')).toBe('s-Web_1\ns-vm1');
      expect(await succeed(hv1, 'ls /sys/class/net/br0/brif')).toBe('host0');
      expect(await succeed(hv1, 'ip -br address show br0')).toContain(`${hv1.address}/30`);
    };

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      hv1 = lab.hosts[0]!;
      folder = join(lab.home, 'infra');
      const sample = await SampleFleet.create(lab, hv1);
      const inLan = hv1.hardwareModule.replace(
        'matchConfig.Name = "host0";',
        `matchConfig.Name = "host0";
    networkConfig.Bridge = "br0";
  };
  systemd.network.netdevs."10-br0".netdevConfig = {
    Kind = "bridge";
    Name = "br0";
  };
  systemd.network.networks."10-br0" = {
    matchConfig.Name = "br0";`,
      );
      await sample.write('hosts/hv1/hardware-configuration.nix', inLan);
      await sample.write('hosts/hv1/networks.nix', scripted);
      await sample.edit('hosts/hv1/config.nix', (text) =>
        text.replace('autostart = [ ]', 'autostart = [ "vm1" "Web_1" ]'),
      );
      await sample.edit('hosts/default.nix', (text) =>
        text.replace('vm2 =', 'Web_1 = "x86_64-linux";\n  lan1 ='),
      );
      await sample.atDesk('mv hosts/vm2 hosts/Web_1 && cp -r hosts/Web_1 hosts/lan1');
      await sample.atDesk(
        'sed -i s/vm-vm1/s-vm1/ hosts/vm1/*; sed -i "s/vm-vm2/s-Web_1/; s/\\"vm2/\\"Web_1/" hosts/Web_1/*; sed -i "s/vm-vm2/lan-lan1/; s/\\"vm2/\\"lan1/" hosts/lan1/*',
      );
      await sample.deliver();
      system = await sample.buildSystem();
      await succeed(hv1, 'mv /var/lib/fleet/repo /srv/infra && rmdir /var/lib/fleet');
      await succeed(hv1, `nix-env -p /nix/var/nix/profiles/system --set ${system}`);
      // It fails over guests that are not there yet.
      await hv1.exec(`${system}/bin/switch-to-configuration switch`);
      for (const vm of ['vm1', 'Web_1', 'lan1'])
        await succeed(hv1, `microvm -f git+file:///srv/infra -c ${vm}`);
      await succeed(hv1, 'systemctl reset-failed && systemctl start microvm@vm1 microvm@Web_1');
      await answers(100_000);
      started = await invocations();
      mkdirSync(folder);
      const hardware = join(lab.home, 'hardware.nix');
      const network = / {2}systemd\.network\.networks[\s\S]*?\n {2}};\n/;
      writeFileSync(hardware, hv1.hardwareModule.replace(network, ''));
      const { code, stderr } = await fleet(
        ...['init', '--from', `root@${hv1.address}`, '--hypervisor', 'hv1'],
        ...['--ssh-key', join(lab.home, '.ssh/id_ed25519.pub'), '--hardware', hardware],
        ...['--state-version', '25.11', '--commit'],
      );
      expect(code, stderr).toBe(0);
    }, 1_200_000);
    afterAll(() => lab.stop());

    test('init --from keeps the LAN as it is, and says which guests cannot be fleet’s, and why', () => {
      const text = readFileSync(join(folder, 'fleet.yaml'), 'utf8');
      expect(text).toContain('DECIDE: br0 cannot be a network of fleet’s');
      expect(text).toContain('A vm on a bridge with a card in it cannot be fleet’s');
      expect(text).toContain('DECIDE: Web_1 runs here, too, and cannot be fleet’s by that name');
      expect(text).toContain('  s:\n    subnet: 10.1.0.0/24\n    subnet6: fd00:1::/64\n');
      expect(text).toMatch(/# {3}vm1:\n# {5}on: hv1\n# {5}network: s\n# {5}address: 10.1.0.11\n/);
    });

    test('a first apply that fails gives the scripted bridge its guests back', async () => {
      const { url } = await lab.createRemote('infra');
      await run('git', ['-C', folder, 'remote', 'add', 'origin', url]);
      edit((text) =>
        text
          .replace(
            'name: infra\n',
            `name: infra\ninputs: ${JSON.stringify(lab.inputs)}\nrollout: { confirm: 20s, settle: 2s }\n`,
          )
          .replace(
            '      boot.loader.systemd-boot.enable: true\n',
            '      boot.loader.systemd-boot.enable: true\n      systemd.services.bogus: { wantedBy: [multi-user.target], script: exit 1 }\n',
          ),
      );
      const { code, stdout, stderr } = await fleet('apply', '--yes');
      // Nothing of the LAN, nor of what DHCP's replies come in by.
      expect(stdout).not.toMatch(/removes (10\.250|open port)/);
      expect(code, stdout + stderr).toBe(3);
      expect(stdout).toContain('bogus.service');
      expect(await succeed(hv1, 'readlink /run/current-system')).toBe(system);
      expect(await succeed(hv1, 'systemctl is-active br-s-netdev network-addresses-br-s')).toBe(
        'active\nactive',
      );
      await isWhole();
    });

    test('the next one takes it over, and no guest restarts', async () => {
      edit((text) => text.replace(/ {6}systemd.services.bogus: .*\n/, ''));
      const { code, stdout, stderr } = await fleet('apply', '--yes');
      expect(code, stdout + stderr).toBe(0);
      expect((await hv1.exec('systemctl cat br-s-netdev')).code).toBe(1);
      expect(await succeed(hv1, 'networkctl list br-s')).toContain('configured');
      await isWhole();
    });

    test('and a roll-back to the system of before makes it scripted again', async () => {
      const { code, stdout, stderr } = await fleet('rollback', 'hv1', '--yes');
      expect(code, stdout + stderr).toBe(0);
      expect(await succeed(hv1, 'readlink /run/current-system')).toBe(system);
      await isWhole();
    });
  },
);
