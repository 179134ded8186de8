import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRoot, KvmWorld, kvm, runner, stranger } from './kvm-world.ts';

describe.skipIf(!isRoot)('a vm that is made where group kvm may rename folders', () => {
  let world: KvmWorld;
  beforeEach(() => {
    world = new KvmWorld();
    mkdirSync(world.path('lib/elsewhere'), { mode: 0o700 });
    writeFileSync(world.path('lib/elsewhere/key'), 'secret', { mode: 0o600 });
    chmodSync(world.path('lib/elsewhere'), 0o700);
  });
  afterEach(() => {
    const { uid, gid, mode } = statSync(world.path('lib/elsewhere'));
    expect([uid, gid, mode & 0o777]).toEqual([0, 0, 0o700]);
    expect(statSync(world.path('lib/elsewhere/key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(world.path('lib/elsewhere'))).toEqual(['key']);
    world.remove();
  });
  const create = () => world.run('vm-create', 'new', '/var/lib/fleet/repo', runner);

  it('is as `microvm -c` makes it, and as user microvm needs it', () => {
    expect(create()).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(world.vms('new')).sort()).toEqual(['current', 'flake']);
    expect(readFileSync(world.vms('new/flake'), 'utf8')).toBe('git+file:///var/lib/fleet/repo');
    expect(readlinkSync(world.vms('new/current'))).toBe(runner);
    const owners = ['new', 'new/current', 'new/flake'].map((path) => {
      const { uid, gid } = lstatSync(world.vms(path));
      return [uid, gid];
    });
    expect(owners).toEqual(Array(3).fill([0, kvm]));
    expect(statSync(world.vms('new')).mode & 0o777).toBe(0o775);
    expect(statSync(world.vms('new/flake')).mode & 0o777).toBe(0o644);
    const roots = (name: string) => readlinkSync(world.path('nix/var/nix/gcroots/microvm', name));
    expect([roots('new'), roots('booted-new')]).toEqual([
      '/var/lib/microvms/new/current',
      '/var/lib/microvms/new/booted',
    ]);
    world.evil('ln -s x new/booted');
  });

  it('gives nobody what is behind a link that takes its place, however fast that is', async () => {
    const program = `
      const fs = require('node:fs');
      fs.writeFileSync('.ready', '');
      for (;;) try {
        fs.renameSync('new', '.was' + process.hrtime.bigint());
        fs.symlinkSync('../elsewhere', 'new');
        break;
      } catch {}`;
    for (let i = 0; i < 5; i++) {
      const as = { cwd: world.vms(), uid: stranger, gid: kvm };
      const other = spawn(process.execPath, ['-e', program], as);
      const ended = once(other, 'exit');
      while (!existsSync(world.vms('.ready'))) await new Promise((done) => setTimeout(done, 20));
      expect(create().code).toBe(0);
      await ended;
      expect(lstatSync(world.vms('new')).isSymbolicLink()).toBe(true);
      for (const name of ['new', '.ready']) rmSync(world.vms(name));
    }
  });

  it.each(['mkdir new', 'ln -s ../elsewhere new', 'ln -s nowhere new', 'echo x >new'])(
    'is not made over what is there, nor into it: %s',
    (text) => {
      world.evil(text);
      expect(create()).toMatchObject({
        code: 70,
        stderr: expect.stringContaining('\tvm.exists\t'),
      });
      expect(existsSync(world.vms('new/current'))).toBe(false);
    },
  );

  it('is made although one was cut short', () => {
    mkdirSync(world.vms('.aside/.new-new'), { recursive: true, mode: 0o700 });
    writeFileSync(world.vms('.aside/.new-new/flake'), 'half');
    expect(create().code).toBe(0);
    expect(readdirSync(world.vms('.aside'))).toEqual(['.fleet']);
    rmSync(world.vms('new'), { recursive: true });
  });
});
