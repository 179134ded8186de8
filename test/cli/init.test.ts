import { describe, expect, test } from 'vitest';
import { action, emptyDesk as desk, flags, hardware, key } from './empty-desk.ts';
import { valid } from './fleet.ts';

const written = [
  'hosts/hv1/hardware-configuration.nix',
  'fleet.yaml',
  'fleet.schema.json',
  '.gitignore',
];
describe('fleet init by flags', () => {
  test('writes a fleet.yaml that is valid, and the hardware configuration it names', async () => {
    const at = desk();
    const { code, stdout, stderr } = await at.fleet('init', ...flags, '--name', 'home');
    expect(code).toBe(0);
    expect(stdout).toBe(`${[...written.map((path) => `wrote ${path}`)].join('\n')}\n`);
    expect(stderr).toContain(`git add ${written.join(' ')}\n`);
    expect(at.read('hosts/hv1/hardware-configuration.nix')).toBe(hardware);
    expect(stderr).toContain(
      'hosts/hv1/hardware-configuration.nix is a verbatim copy of hardware.nix:\nread it before you push\n',
    );
    expect(at.read('fleet.yaml')).toContain(key);
    expect((await at.fleet('validate')).stdout).toBe(
      'fleet.yaml is valid: 1 hypervisor, 0 networks, 0 vms\n',
    );
    expect((await at.fleet('render')).code).toBe(0);
    expect(at.read('hosts/hv1/default.nix')).toContain('./hardware-configuration.nix');
  });

  test('says that no boot loader is known, and asks for one in fleet.yaml', async () => {
    const at = desk();
    const { stderr } = await at.fleet('init', ...flags);
    expect(stderr).toContain(
      'boot loader of root@192.0.2.1 unknown:\nset it at DECIDE in fleet.yaml, or the system will not build\n',
    );
    expect(at.read('fleet.yaml')).toContain('# DECIDE: boot loader unknown');
  });

  test('asks for none where the hardware configuration that it is given has one', async () => {
    const at = desk();
    at.write('hardware.nix', '{ boot.loader.grub.device = "/dev/vda"; }\n');
    const { stderr } = await at.fleet('init', ...flags);
    expect(stderr).not.toContain('boot loader');
    expect(at.read('fleet.yaml')).not.toContain('DECIDE: boot loader unknown');
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

  test('is valid with all its examples uncommented', async () => {
    const at = desk();
    await at.fleet('init', ...flags);
    const text = at
      .read('fleet.yaml')
      .replaceAll(/^# (git:|defaults:|networks:|vms:|rollout:| )/gm, '$1')
      .replace('# config:', 'config:')
      .replaceAll('DECIDE: ', '')
      .replace('ssh-ed25519 AAAA… you@desk', key);
    at.write('fleet.yaml', text);
    const { stdout, stderr } = await at.fleet('validate');
    expect(stderr).toBe('');
    expect(stdout).toContain('1 network, 1 vm');
    expect((await at.fleet('show', 'web1')).stdout).toContain('memory: 1GiB');
  });

  test('commits what it wrote, in a new repository, when told to', async () => {
    const at = desk();
    at.git('config', '--global', 'user.name', 'Ada');
    at.git('config', '--global', 'user.email', 'ada@example.org');
    const { code, stdout, stderr } = await at.fleet('init', ...flags, '--commit');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^committed [0-9a-f]{8}$/m),
    });
    expect(stderr).not.toContain('git add');
    expect(at.git('ls-files').trim().split('\n').sort()).toEqual([...written].sort());
    expect(at.git('status', '--short')).toBe('?? hardware.nix\n?? key.pub\n');
  });

  test('keeps a .gitignore that is there', async () => {
    const at = desk();
    at.write('.gitignore', 'mine\n');
    await at.fleet('init', ...flags);
    expect(at.read('.gitignore')).toBe('mine\n');
  });

  test('says which files it wrote though it cannot write them all', async () => {
    const at = desk();
    // In the way of the workflows' folder.
    at.write('.github', 'a file\n');
    const { code, stdout } = await at.fleet('init', ...flags, '--ci', 'github', ...action);
    expect(code).not.toBe(0);
    expect(stdout).toBe(written.map((path) => `wrote ${path}\n`).join(''));
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
    const kept = await other.fleet('init', ...flags);
    expect(kept.stdout).toContain('kept hosts/hv1/hardware-configuration.nix');
    expect(kept.stderr).not.toContain('copy of');
    expect(other.read('hosts/hv1/hardware-configuration.nix')).toBe('# mine\n');
  });

  test('names all flags that are missing at once where nobody can be asked', async () => {
    const { code, stderr } = await desk().fleet('init', '--uplink', 'eth0');
    expect(code).toBe(64);
    expect(stderr.match(/--[a-z-]+(?= is needed)/g)).toEqual([
      '--ssh',
      '--system',
      '--state-version',
    ]);
    const named = await desk().fleet(
      'init',
      '--ssh',
      'root@127.0.0.1:9',
      '--system',
      'x86_64-linux',
    );
    expect(named.code).toBe(64);
    expect(named.stderr.match(/--[a-z-]+(?= is needed)/g)).toEqual(['--uplink', '--state-version']);
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

  test.each([
    ['two keys', `${key}\n${key}\n`],
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n'],
    ['no key', '# to come\n'],
  ])('--ssh-key with %s is a usage error, and not shown', async (_, text) => {
    const at = desk();
    at.write('key.pub', text);
    const { code, stderr } = await at.fleet('init', ...flags);
    expect(code).toBe(64);
    expect(stderr).toContain('--ssh-key: key.pub is not a file with one public ssh key');
    expect(stderr).not.toContain('secret');
  });

  test('--ssh-key may have comments, and options before the key', async () => {
    const at = desk();
    at.write('key.pub', `# Ada's\nrestrict,from="10.0.0.0/8" ${key}\n`);
    expect(await at.fleet('init', ...flags)).toMatchObject({ code: 0 });
    expect(at.read('fleet.yaml')).toContain('from=');
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

  test.each([
    ['my infra', 'my-infra'],
    ['.über', 'ber'],
    ['家', 'fleet'],
  ])('in a folder %s is called %s', async (folder, name) => {
    const at = desk();
    const given = flags.map((value) =>
      /^(hardware|key)\./.test(value) ? `${at.folder}/${value}` : value,
    );
    expect((await at.fleet('-C', folder, 'init', ...given)).code).toBe(0);
    expect(at.read(`${folder}/fleet.yaml`)).toContain(`\nname: ${name}\n`);
  });
});
