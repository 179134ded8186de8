import { describe, expect, test } from 'vitest';
import { Desk, valid } from './fleet.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGVleGFtcGxlZXhhbXBsZWV4YW1wbGVl ada@desk';
const hardware = '{ fileSystems."/".device = "/dev/vda1"; }\n';
const flags = [
  ...['--ssh', 'root@192.0.2.1', '--hypervisor', 'hv1', '--system', 'aarch64-linux'],
  ...[
    '--state-version',
    '25.11',
    '--uplink',
    'eth0',
    '--hardware',
    'hardware.nix',
    '--ssh-key',
    'key.pub',
  ],
];

function desk(): Desk {
  const made = new Desk();
  made.write('hardware.nix', hardware);
  made.write('key.pub', `${key}\n`);
  return made;
}

describe('fleet init by flags', () => {
  test('writes a fleet.yaml that is valid, and the hardware configuration it names', async () => {
    const at = desk();
    const { code, stdout, stderr } = await at.fleet('init', ...flags, '--name', 'home');
    expect(code).toBe(0);
    expect(stdout).toBe(
      'wrote hosts/hv1/hardware-configuration.nix\nwrote fleet.yaml\nwrote fleet.schema.json\n',
    );
    expect(stderr).toContain(
      'git add hosts/hv1/hardware-configuration.nix fleet.yaml fleet.schema.json',
    );
    expect(at.read('hosts/hv1/hardware-configuration.nix')).toBe(hardware);
    expect(at.read('fleet.yaml')).toContain(key);
    expect((await at.fleet('validate')).stdout).toBe(
      'fleet.yaml is valid: 1 hypervisor, 0 networks, 0 vms\n',
    );
    expect((await at.fleet('render')).code).toBe(0);
    expect(at.read('hosts/hv1/default.nix')).toContain('./hardware-configuration.nix');
  });

  test('leads editors to the schema that fleet prints', async () => {
    const at = desk();
    await at.fleet('init', ...flags);
    expect(at.read('fleet.yaml').split('\n')[0]).toBe(
      '# yaml-language-server: $schema=./fleet.schema.json',
    );
    const { code, stdout } = await at.fleet('schema');
    expect(code).toBe(0);
    expect(at.read('fleet.schema.json')).toBe(stdout);
    expect(JSON.parse(stdout)).toMatchObject({ title: 'fleet.yaml', properties: { vms: {} } });
  });

  test('is valid with its example uncommented', async () => {
    const at = desk();
    await at.fleet('init', ...flags);
    const text = at.read('fleet.yaml').replaceAll(/^# (networks:|vms:| )/gm, '$1');
    at.write('fleet.yaml', text);
    expect((await at.fleet('validate')).stdout).toContain('1 network, 1 vm');
  });

  test('never overwrites a fleet.yaml, nor a hardware configuration', async () => {
    const at = desk();
    at.write('fleet.yaml', valid);
    const { code, stderr } = await at.fleet('init', ...flags);
    expect(code).toBe(1);
    expect(stderr).toContain('exists already');
    expect(at.read('fleet.yaml')).toBe(valid);
    expect(at.has('hosts')).toBe(false);

    const other = desk();
    other.write('hosts/hv1/hardware-configuration.nix', '# mine\n');
    expect((await other.fleet('init', ...flags)).stdout).toContain(
      'kept hosts/hv1/hardware-configuration.nix',
    );
    expect(other.read('hosts/hv1/hardware-configuration.nix')).toBe('# mine\n');
  });

  test('names the flag that is missing where nobody can be asked', async () => {
    const { code, stderr } = await desk().fleet('init');
    expect(code).toBe(64);
    expect(stderr).toContain('--ssh is needed');
  });

  test.each([
    ['--hardware', 'nowhere.nix'],
    ['--ssh-key', 'nowhere.pub'],
  ])('%s that cannot be read is a usage error', async (flag, file) => {
    const given = flags.map((value, i) => (flags[i - 1] === flag ? file : value));
    const { code, stderr } = await desk().fleet('init', ...given);
    expect(code).toBe(64);
    expect(stderr).toContain(`${flag}: cannot read ${file} (ENOENT)`);
  });

  test('leaves nothing behind when what was given is not valid', async () => {
    const at = desk();
    const given = flags.map((value, i) => (flags[i - 1] === '--system' ? 'mips-linux' : value));
    const before = at.files();
    const { code, stderr } = await at.fleet('init', ...given);
    expect(code).toBe(65);
    expect(stderr).toContain('mips-linux');
    expect(at.files()).toEqual(before);
  });

  test('makes the folder that -C names', async () => {
    const at = desk();
    const given = flags.map((value) =>
      /^(hardware|key)\./.test(value) ? `${at.folder}/${value}` : value,
    );
    expect((await at.fleet('-C', 'new/infra', 'init', ...given)).code).toBe(0);
    expect((await at.fleet('-C', 'new/infra', 'validate')).code).toBe(0);
  });
});
