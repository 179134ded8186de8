import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { script } from '../../src/host/scripts.ts';

/** Whoever is in group kvm, as every guest's VMM is. */
const stranger = 65_533;
const isRoot = process.getuid?.() === 0 && process.platform === 'linux';

/**
 * The real scripts as root on /var/lib/microvms, in a mount namespace of their own where there are a
 * user microvm and a group kvm; and somebody of that group who works against them.
 */
describe.skipIf(!isRoot)('a vm folder that somebody in group kvm works in', () => {
  let dir: string;
  let folder: string;
  const secret = () => join(dir, 'secret');

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'fleet-hostile-'));
    chmodSync(dir, 0o755);
    for (const path of ['lib/microvms/web', 'lib/fleet', 'bin'])
      mkdirSync(join(dir, path), { recursive: true });
    folder = join(dir, 'lib/microvms/web');
    const users = readFileSync('/etc/passwd', 'utf8').replace(/^microvm:.*\n/m, '');
    const groups = readFileSync('/etc/group', 'utf8').replace(/^kvm:.*\n/m, '');
    const shell = '/usr/sbin/nologin';
    writeFileSync(join(dir, 'passwd'), `${users}microvm:x:65531:65532::/var/empty:${shell}\n`);
    writeFileSync(join(dir, 'group'), `${groups}kvm:x:65532:\n`);
    chownSync(join(dir, 'lib/microvms'), 65_531, 65_532);
    chmodSync(join(dir, 'lib/microvms'), 0o775);
    chownSync(folder, 0, 65_532);
    chmodSync(folder, 0o775);
    const tools = { microvm: 'true', systemctl: '[ "$1" != is-active ]' };
    for (const [tool, text] of Object.entries(tools))
      writeFileSync(join(dir, 'bin', tool), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    writeFileSync(secret(), 'only root reads this\n');
    chmodSync(secret(), 0o600);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** Runs a script as on a hypervisor. */
  const run = (text: string, ...args: readonly string[]): { code: number; stderr: string } => {
    const binds = ['passwd:/etc/passwd', 'group:/etc/group', 'lib:/var/lib']
      .map((bind) => bind.split(':'))
      .map(([from, to]) => `mount --bind ${join(dir, from as string)} ${to}`);
    const gcroots = `mkdir -p /nix/var/nix/gcroots; mount -t tmpfs none /nix/var/nix/gcroots`;
    const before = [...binds, gcroots, `PATH=${join(dir, 'bin')}:$PATH`].join(' && ');
    const [command, ...rest] = ['unshare', '--mount', 'sh', '-c', `${before} && ${text}`, 'fleet'];
    try {
      execFileSync(command as string, [...rest, ...args], { stdio: 'pipe' });
      return { code: 0, stderr: '' };
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: Buffer };
      return { code: status, stderr: String(stderr) };
    }
  };
  const update = () =>
    run(`{ ${script('vm-update')}\n}`, 'web', '1', '/var/lib/fleet/repo', 'stay');
  const turn = (runner: string) => run(`{ ${script('vm-set')}\n}`, 'web', runner, '1', 'stay');

  /** Puts a link to the secret in the place of every file that appears in the folder. */
  const watcher = () => {
    const program = `
      const fs = require('node:fs');
      fs.writeFileSync('.ready', '');
      for (;;) for (const name of fs.readdirSync('.')) {
        if (!/^\\.(flake|current)\\./.test(name)) continue;
        try { fs.unlinkSync(name); fs.symlinkSync(${JSON.stringify(secret())}, name); } catch {}
      }`;
    return spawn(process.execPath, ['-e', program], { cwd: folder, uid: stranger, gid: 65_532 });
  };

  it('gets its flake and its runner, readable, whoever owns the folder', () => {
    chownSync(folder, 0, 0);
    chmodSync(folder, 0o700);
    expect(update()).toEqual({ code: 0, stderr: '' });
    expect(readFileSync(join(folder, 'flake'), 'utf8')).toBe('git+file:///var/lib/fleet/repo');
    expect(statSync(join(folder, 'flake')).mode & 0o777).toBe(0o644);
    expect(statSync(folder)).toMatchObject({ gid: 65_532 });
    expect(statSync(folder).mode & 0o777).toBe(0o770);
  });

  it('makes root write into, open up or move no file of somebody else, however often it tries', async () => {
    const other = watcher();
    try {
      while (!existsSync(join(folder, '.ready'))) await new Promise((done) => setTimeout(done, 20));
      const [store] = readdirSync('/nix/store').filter((name) =>
        existsSync(`/nix/store/${name}/bin`),
      );
      for (let i = 0; i < 12; i++) {
        update();
        if (store) turn(`/nix/store/${store}`);
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
    mkdirSync(join(dir, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(dir, 'elsewhere'), folder);
    expect(update()).toMatchObject({ code: 70, stderr: expect.stringContaining('vm.link') });
    expect(readdirSync(join(dir, 'elsewhere'))).toEqual([]);
    expect(statSync(join(dir, 'elsewhere')).mode & 0o777).toBe(0o700);
  });

  it('is set aside into no folder that a link names', () => {
    mkdirSync(join(dir, 'elsewhere'));
    symlinkSync(join(dir, 'elsewhere'), join(dir, 'lib/microvms/.aside'));
    const aside = run(`{ ${script('vm-aside')}\n}`, '20260101-000000-aaaa', 'web');
    expect(aside).toMatchObject({ code: 70, stderr: expect.stringContaining('vm.link') });
    expect(readdirSync(join(dir, 'elsewhere'))).toEqual([]);
    expect(lstatSync(folder).isDirectory()).toBe(true);
  });

  it('turns to a runner although somebody holds the names that were used before', () => {
    mkdirSync(join(folder, 'current.fleet'));
    symlinkSync('/nix/store/old', join(folder, 'current'));
    const text = script('vm-set').replace('[ -x "$runner/bin/microvm-run" ]', 'true');
    expect(run(`{ ${text}\n}`, 'web', '/nix/store/new', '1', 'stay').code).toBe(0);
    expect(readlinkSync(join(folder, 'current'))).toBe('/nix/store/new');
  });
});
