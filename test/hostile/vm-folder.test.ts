import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRoot, KvmWorld, kvm, runner, stranger } from './kvm-world.ts';

/** The real scripts on a vm's folder, and somebody of group kvm who works against them. */
describe.skipIf(!isRoot)('a vm folder that somebody in group kvm works in', () => {
  let world: KvmWorld;
  let folder: string;
  const secret = () => world.path('secret');

  beforeEach(() => {
    world = new KvmWorld();
    folder = world.vm('web');
    writeFileSync(secret(), 'only root reads this\n');
    chmodSync(secret(), 0o600);
  });
  afterEach(() => world.remove());

  const update = () => world.run('vm-update', 'web', '1', '/var/lib/fleet/repo', 'stay');
  const turn = (to: string) => world.run('vm-set', 'web', to, '1', 'stay');

  /** Puts a link to the secret in the place of every file that appears in the folder. */
  const watcher = () => {
    const program = `
      const fs = require('node:fs');
      fs.writeFileSync('.ready', '');
      for (;;) for (const name of fs.readdirSync('.')) {
        if (!/^\\.(flake|current)\\./.test(name)) continue;
        try { fs.unlinkSync(name); fs.symlinkSync(${JSON.stringify(secret())}, name); } catch {}
      }`;
    return spawn(process.execPath, ['-e', program], { cwd: folder, uid: stranger, gid: kvm });
  };

  it('gets its flake and its runner, readable, whoever owns the folder', () => {
    chownSync(folder, 0, 0);
    chmodSync(folder, 0o700);
    expect(update()).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(folder, 'flake'), 'utf8')).toBe('git+file:///var/lib/fleet/repo');
    expect(statSync(join(folder, 'flake')).mode & 0o777).toBe(0o644);
    expect(statSync(folder)).toMatchObject({ gid: kvm });
    expect(statSync(folder).mode & 0o777).toBe(0o770);
  });

  it('makes root write into, open up or move no file of somebody else, however often it tries', async () => {
    const other = watcher();
    try {
      while (!existsSync(join(folder, '.ready'))) await new Promise((done) => setTimeout(done, 20));
      for (let i = 0; i < 12; i++) {
        update();
        turn(runner);
      }
    } finally {
      other.kill();
    }
    expect(readFileSync(secret(), 'utf8')).toBe('only root reads this\n');
    expect(lstatSync(secret())).toMatchObject({ uid: 0, gid: 0 });
    expect(lstatSync(secret()).mode & 0o777).toBe(0o600);
  });

  it('is not followed when it is a link', () => {
    rmSync(folder, { recursive: true });
    mkdirSync(world.path('elsewhere'), { mode: 0o700 });
    symlinkSync(world.path('elsewhere'), folder);
    expect(update()).toMatchObject({ code: 70, stderr: expect.stringContaining('vm.link') });
    expect(readdirSync(world.path('elsewhere'))).toEqual([]);
    expect(statSync(world.path('elsewhere')).mode & 0o777).toBe(0o700);
  });

  it('turns to a runner although somebody holds the names that were used before', () => {
    mkdirSync(join(folder, 'current.fleet'));
    symlinkSync('/nix/store/old', join(folder, 'current'));
    expect(turn(runner).code).toBe(0);
    expect(readlinkSync(join(folder, 'current'))).toBe(runner);
  });
});
