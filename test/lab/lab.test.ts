import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Lab, type LabHost, labMissing, startLab } from './lab.ts';
import { run, until } from './run.ts';
import { flake, SampleFleet, succeed } from './sample.ts';

const missing = labMissing();
const isRequired = process.env.FLEET_LAB === 'required';
if (missing !== undefined)
  console.warn(`\n*** NO LAB, nothing is tried on a real hypervisor: ${missing} ***\n`);

/** A shell loop that ends well once the guest answers: 6 s after its start, later on a busy machine. */
const answers = (address: string) =>
  `for i in $(seq 60); do ping -c1 -W1 ${address} > /dev/null && exit; done; exit 1`;
const invocation = (vm: string) => `systemctl show --value -p InvocationID microvm@${vm}`;

describe.skipIf(missing !== undefined && !isRequired)('the lab', { timeout: 360_000 }, () => {
  let lab: Lab;
  let hv1: LabHost;
  let fleet: SampleFleet;
  let system: string;

  beforeAll(async () => {
    lab = await startLab({ hosts: 1 });
    hv1 = lab.hosts[0]!;
    fleet = await SampleFleet.create(lab, hv1);
    system = await fleet.buildSystem();
  }, 1_200_000);
  afterAll(() => lab.stop());

  const ssh = (...command: string[]) =>
    run('ssh', ['-F', `${lab.home}/.ssh/config`, '-o', 'ConnectTimeout=3', hv1.name, ...command]);

  test('a host has booted, without a failed unit, and knows of no microVMs', async () => {
    expect((await hv1.exec('systemctl is-system-running')).stdout).toBe('running\n');
    expect(await succeed(hv1, 'readlink /run/current-system')).toBe(
      await succeed(hv1, 'readlink -f /nix/var/nix/profiles/system'),
    );
    expect(await succeed(hv1, 'command -v microvm || ls -d /var/lib/microvms || true')).toBe('');
  });

  test('ssh goes in with the key and the known host key, and finds the programs of NixOS only', async () => {
    expect((await ssh('id -un; hostname')).stdout).toBe('root\nhv1\n');
    expect((await ssh('jq')).stderr).toContain('command not found');
  });

  test("the desk's flake.lock is as good on the host", async () => {
    expect(await succeed(hv1, 'git -C /var/lib/fleet/repo status --short')).toBe('');
    const lock = await fleet.atDesk('cat flake.lock');
    expect(await succeed(hv1, 'cat /var/lib/fleet/repo/flake.lock')).toBe(lock);
  });

  test('the same files in another commit are the same system and the same runner', async () => {
    const runner = `nix build --no-link --print-out-paths ${flake}#nixosConfigurations.vm1.config.microvm.declaredRunner`;
    const before = await succeed(hv1, runner);
    await fleet.deliver();
    expect(await succeed(hv1, runner)).toBe(before);
    expect(await fleet.buildSystem()).toBe(system);
  });

  test('a switch makes bridge, firewall table, sysctl and users, and keeps the uplink', async () => {
    const { code, stderr } = await hv1.exec(`${system}/bin/switch-to-configuration test`);
    expect(stderr).toContain('activating the configuration...');
    expect(code).toBe(0);
    expect(await succeed(hv1, 'ip -br address show br-lan')).toContain('10.1.0.1/24');
    expect(await succeed(hv1, 'nft list tables')).toBe('table inet fleet\ntable inet nixos-fw');
    expect(await succeed(hv1, 'sysctl -n net.ipv4.ip_forward')).toBe('1');
    expect(await succeed(hv1, 'readlink /run/current-system')).toBe(system);
    expect((await ssh('true')).code).toBe(0);
  });

  test('a second switch at the same time is refused', async () => {
    const held = `flock /run/nixos/switch-to-configuration.lock ${system}/bin/switch-to-configuration test`;
    const { code, stderr } = await hv1.exec(held);
    expect(stderr).toContain('Could not acquire lock');
    expect(code).toBe(1);
  });

  test('a guest that was created and started answers, on a TAP in its bridge', async () => {
    await succeed(hv1, `microvm -f ${flake} -c vm1`);
    expect(await succeed(hv1, 'readlink /var/lib/microvms/vm1/current')).toMatch(
      /-microvm-qemu-vm1$/,
    );
    await succeed(hv1, 'systemctl start microvm@vm1');
    await succeed(hv1, answers('10.1.0.11'));
    expect(await succeed(hv1, 'bridge link show dev vm-vm1')).toContain('master br-lan');
    const status = 'curl -s -o /dev/null -w "%{http_code}" http://10.1.0.11/';
    await until('http answers', 10_000, async () =>
      (await hv1.exec(status)).stdout === '200' ? true : undefined,
    );
    expect(
      await succeed(hv1, 'cat /var/lib/microvms/vm1/booted/share/microvm/tap-interfaces'),
    ).toBe('vm-vm1');
    expect((await hv1.exec(`microvm -f ${flake} -c vm1`)).code).toBe(1);
  });

  test('-Ru restarts the guests that changed, and one by one until something fails', async () => {
    const before = await succeed(hv1, invocation('vm1'));
    expect(await succeed(hv1, 'microvm -Ru vm1')).toContain('No reboot of MicroVM vm1 required.');
    expect(await succeed(hv1, invocation('vm1'))).toBe(before);

    await fleet.edit('hosts/vm1/default.nix', (text) => text.replace('pkgs.vim', 'pkgs.htop'));
    await fleet.edit('hosts/vm2/default.nix', (text) =>
      text.replace('pkgs.vim', 'pkgs.does-not-build'),
    );
    await fleet.deliver();
    await succeed(
      hv1,
      'cp -r --preserve=mode,ownership /var/lib/microvms/vm1/. /var/lib/microvms/vm2',
    );
    const { code, stderr } = await hv1.exec('microvm -Ru vm1 vm2 vm3');
    expect(code).toBe(1);
    expect(stderr).toContain("unknown type name 'uint33_t'");
    expect(stderr).not.toContain('vm3');
    expect(await succeed(hv1, invocation('vm1'))).not.toBe(before);
    await succeed(
      hv1,
      'cd /var/lib/microvms/vm1 && [ "$(readlink current)" = "$(readlink booted)" ]',
    );
    await succeed(hv1, 'rm -r /var/lib/microvms/vm2');
  });

  test('any switch starts a stopped guest that is in microvm.autostart, and fails over one not created', async () => {
    // The helpers go after the guest itself; `systemctl stop` does not wait for them.
    await succeed(hv1, 'systemctl stop microvm@vm1');
    await until('helpers of vm1 are stopped', 5000, async () => {
      const left = await hv1.exec('ls -d /var/lib/microvms/vm1/booted /sys/class/net/vm-vm1');
      return left.stdout === '' ? true : undefined;
    });
    await fleet.edit('hosts/hv1/config.nix', (text) =>
      text.replace('autostart = [ ]', 'autostart = [ "vm1" "vm2" ]'),
    );
    await fleet.deliver();
    system = await fleet.buildSystem();
    const { code, stderr } = await hv1.exec(`${system}/bin/switch-to-configuration test`);
    expect(code).toBe(4);
    expect(stderr).toContain('the following units failed: microvm-set-booted@vm2.service');
    await succeed(hv1, 'systemctl is-active microvm@vm1');
  });

  test('a power loss goes back to the system of the boot loader, with the disk as it was', async () => {
    await hv1.kill();
    await hv1.boot();
    expect(await succeed(hv1, 'readlink /run/current-system')).not.toBe(system);
    expect(await succeed(hv1, 'ip -br link')).not.toContain('br-lan');
    expect(await succeed(hv1, 'ls /var/lib/microvms/vm1')).toContain('var.img');

    await succeed(hv1, `nix-env -p /nix/var/nix/profiles/system --set ${system}`);
    await succeed(hv1, `${system}/bin/switch-to-configuration boot`);
    expect(await succeed(hv1, 'readlink /run/current-system')).not.toBe(system);
    await hv1.reboot();
    expect(await succeed(hv1, 'readlink /run/current-system')).toBe(system);
    expect(await succeed(hv1, 'readlink /run/booted-system')).toBe(system);
    await succeed(hv1, answers('10.1.0.11'));
  });

  test('a pulled cable cuts ssh, not the lab', async () => {
    await hv1.cutLink();
    expect((await ssh('true')).code).toBe(255);
    await succeed(hv1, 'true');
    await hv1.restoreLink();
    expect((await ssh('true')).code).toBe(0);
  });

  test("a system without the host's own module cuts its uplink; a fresh machine has it again", async () => {
    await fleet.write('hosts/hv1/hardware-configuration.nix', '{ }\n');
    await fleet.deliver();
    await hv1.exec(`${await fleet.buildSystem()}/bin/switch-to-configuration test`);
    expect((await ssh('true')).code).toBe(255);
    await hv1.reset();
    expect((await ssh('ls /var/lib/microvms')).stdout).toBe('');
  });
});
