import { linkSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { marker } from '../../src/render/marker.ts';
import { Desk, valid } from './fleet.ts';

const rendered = [
  'flake.nix',
  'hosts/default.nix',
  'hosts/hv1/default.nix',
  'hosts/hv1/dns.nix',
  'hosts/hv1/firewall.nix',
  'hosts/hv1/networks.nix',
  'hosts/hv1/watch.nix',
  'hosts/web1/default.nix',
  'modules/guest.nix',
  'modules/host/again.sh',
  'modules/host/alerts.sh',
  'modules/host/autostart.sh',
  'modules/host/collect.sh',
  'modules/host/deployments.sh',
  'modules/host/dump.sh',
  'modules/host/ended.sh',
  'modules/host/ends.sh',
  'modules/host/gc.sh',
  'modules/host/guest-keys.sh',
  'modules/host/guest-ssh.sh',
  'modules/host/guest-state.sh',
  'modules/host/heal.sh',
  'modules/host/lib.sh',
  'modules/host/locks.sh',
  'modules/host/memory-level.sh',
  'modules/host/memory.sh',
  'modules/host/reconcile.sh',
  'modules/host/recover.sh',
  'modules/host/sample-table.sh',
  'modules/host/sample.jq',
  'modules/host/sample.sh',
  'modules/host/spool.sh',
  'modules/host/started.sh',
  'modules/host/vmm.sh',
  'modules/host/watch-judge.sh',
  'modules/host/watch.sh',
  'modules/hypervisor.nix',
  'modules/watch.nix',
];
const lines = (text: string) => text.trimEnd().split('\n').sort();

describe('fleet render', () => {
  test('writes every file and names it, and does nothing the second time', async () => {
    const desk = new Desk(valid);
    const first = await desk.fleet('render');
    expect(first.code).toBe(0);
    expect(lines(first.stdout)).toEqual(rendered.map((path) => `wrote ${path}`));
    const files = desk.files();
    expect(Object.keys(files)).toEqual(['flake.nix', 'fleet.yaml', ...rendered.slice(1)]);
    expect(await desk.fleet('render')).toEqual({
      code: 0,
      stdout: '',
      stderr: '38 files up to date, 0 changed\n',
    });
    expect(desk.files()).toEqual(files);
  });

  test('removes the folder of a vm that is gone, but no file of the user’s', async () => {
    const desk = new Desk(`${valid}  web2: { on: hv1, network: front, address: 10.1.0.9 }\n`);
    desk.write(
      'fleet.yaml',
      desk
        .read('fleet.yaml')
        .replace(
          'web1: { on: hv1, network: front }',
          'web1: { on: hv1, network: front, address: 10.1.0.2 }',
        ),
    );
    await desk.fleet('render');
    desk.write('hosts/web2/notes.nix', '{ }\n');
    desk.write('fleet.yaml', valid);
    const { stdout } = await desk.fleet('render');
    expect(stdout).toContain('removed hosts/web2/default.nix');
    expect(desk.read('hosts/web2/notes.nix')).toBe('{ }\n');
    desk.write('fleet.yaml', valid.replaceAll('web1', 'web3'));
    await desk.fleet('render');
    expect(desk.has('hosts/web1')).toBe(false);
  });

  test('removes the file of a profile that is gone, and its folder with the last, but no file of the user’s', async () => {
    const web = `${valid.replace('network: front }', 'network: front, profiles: [web] }')}profiles: { web: { packages: [curl] } }\n`;
    const desk = new Desk(web);
    await desk.fleet('render');
    desk.write('modules/web.nix', '{ }\n');
    desk.write('fleet.yaml', valid);
    const { stdout } = await desk.fleet('render');
    expect(lines(stdout)).toEqual([
      'removed modules/defaults.nix',
      'removed modules/layers.nix',
      'removed modules/profiles/web.nix',
      'wrote hosts/web1/default.nix',
    ]);
    expect(desk.has('modules/profiles')).toBe(false);
    expect(desk.read('modules/web.nix')).toBe('{ }\n');
  });

  test('removes what an earlier fleet rendered elsewhere, but no script of the user’s', async () => {
    const desk = new Desk(valid);
    await desk.fleet('render');
    desk.write('modules/lib.sh', desk.read('modules/host/lib.sh'));
    desk.write('modules/sample.jq', desk.read('modules/host/sample.jq'));
    desk.write('modules/mine.sh', 'exit 0\n');
    const { stdout } = await desk.fleet('render');
    expect(lines(stdout)).toEqual(['removed modules/lib.sh', 'removed modules/sample.jq']);
    expect(desk.read('modules/mine.sh')).toBe('exit 0\n');
  });

  test('--check writes nothing and fails when a file is not up to date', async () => {
    const desk = new Desk(valid);
    const before = await desk.fleet('render', '--check');
    expect(before.code).toBe(1);
    expect(lines(before.stdout)).toEqual(rendered.map((path) => `out of date ${path}`));
    expect(Object.keys(desk.files())).toEqual(['fleet.yaml']);
    await desk.fleet('render');
    expect((await desk.fleet('render', '--check')).code).toBe(0);
    desk.write('fleet.yaml', valid.replaceAll('web1', 'web3'));
    const { code, stdout } = await desk.fleet('render', '--check');
    expect(code).toBe(1);
    expect(stdout).toContain('left over hosts/web1/default.nix');
  });

  test('writes a file again that somebody edited: its first line says that it will be', async () => {
    const desk = new Desk(valid);
    await desk.fleet('render');
    const good = desk.read('flake.nix');
    desk.write('flake.nix', `${good}# mine\n`);
    expect((await desk.fleet('render')).stdout).toBe('wrote flake.nix\n');
    expect(desk.read('flake.nix')).toBe(good);
  });
});

describe('a file of the user’s in the way', () => {
  test.each([
    ['where a rendered file belongs', 'hosts/web1/default.nix'],
    ['at the top', 'flake.nix'],
    ['where a folder belongs', 'hosts/web1'],
    ['instead of all hosts', 'hosts'],
  ])('%s is named and left alone, and nothing is written', async (_, path) => {
    const desk = new Desk(valid);
    desk.write(path, '# mine\n');
    const before = desk.files();
    const { code, stdout, stderr } = await desk.fleet('render');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`did not write: ${path} [render.conflict]`);
    expect(desk.files()).toEqual(before);
  });

  test('with the name of defaults or a profile is named, too', async () => {
    const desk = new Desk(`${valid}defaults: { vcpu: 2 }\nprofiles: { web: { vcpu: 3 } }\n`);
    desk.write('modules/defaults.nix', '{ }');
    desk.write('modules/profiles/web.nix', '{ }');
    desk.write('modules/profiles/mine.nix', '{ }');
    const before = desk.files();
    const { code, stderr } = await desk.fleet('render');
    expect(code).toBe(1);
    expect(stderr).toContain(
      'did not write: modules/defaults.nix, modules/profiles/web.nix [render',
    );
    expect(desk.files()).toEqual(before);
  });

  test('is named with all others at once', async () => {
    const desk = new Desk(valid);
    desk.write('flake.nix', '{ }');
    desk.write('modules/guest.nix', '{ }');
    const { stderr } = await desk.fleet('render');
    expect(stderr).toContain('flake.nix, modules/guest.nix');
    expect(stderr).toContain('Move flake.nix aside: its inputs go under `inputs:`');
    expect(stderr).toContain('Move modules/guest.nix aside');
  });

  test('may be a link that leads nowhere', async () => {
    const desk = new Desk(valid);
    symlinkSync('/nowhere', join(desk.folder, 'flake.nix'));
    const { code, stderr } = await desk.fleet('render');
    expect(code).toBe(1);
    expect(stderr).toContain('flake.nix [render.conflict]');
  });

  test('elsewhere under hosts/ and modules/ is nobody’s business', async () => {
    const desk = new Desk(valid);
    desk.write('hosts/web1/by-hand.nix', '{ }');
    desk.write('modules/notes.txt', 'x');
    symlinkSync('/nowhere', join(desk.folder, 'modules', 'link.nix'));
    expect((await desk.fleet('render')).code).toBe(0);
  });

  test('however much of it there is, takes no memory', async () => {
    const desk = new Desk(valid);
    desk.env.NODE_OPTIONS = '--max-old-space-size=300';
    desk.write('modules/0.nix', `${marker}\n`);
    const first = join(desk.folder, 'modules', '0.nix');
    truncateSync(first, 15 * 1024 * 1024);
    for (let n = 1; n < 40; n++) linkSync(first, join(desk.folder, 'modules', `${n}.nix`));
    const run = await desk.fleet('render', '--check');
    expect(run).toMatchObject({ code: 1, stderr: '0 files up to date, 78 not\n' });
    expect(lines(run.stdout)).toContain('left over modules/39.nix');
  });
});
