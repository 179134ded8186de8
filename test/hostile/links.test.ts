import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readPlanFile } from '../../src/app/saved-plan.ts';
import { nextCommit } from '../../src/app/workspace/next-commit.ts';
import { readConfig } from '../../src/app/workspace/read-config.ts';
import { openWorkspace, writeRendered } from '../../src/app/workspace/workspace.ts';
import { readWithin, removeWithin, writeNewWithin, writeWithin } from '../../src/repo/work-tree.ts';
import { openRepo } from '../repo/sandbox.ts';
import { here } from '../surroundings.ts';

/** What somebody wants to read or overwrite, and a repository that he sends a pull request to. */
let outside: string;
let top: string;
let secret: string;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-links-'));
  outside = join(folder, 'outside');
  top = join(folder, 'repo');
  mkdirSync(outside);
  mkdirSync(top);
  secret = join(outside, 'id_ed25519');
  writeFileSync(secret, 'SECRET');
  return () => rmSync(folder, { recursive: true });
});
const link = (to: string, path: string) => symlinkSync(to, join(top, path));
const unsafe = expect.objectContaining({ code: 'workspace.unsafe-file', blames: 'user' });

const fleetYaml = `version: 1
name: small
hypervisors:
  hv1: { ssh: root@192.0.2.1, system: x86_64-linux, stateVersion: "25.11" }
`;

describe('a link in the repository', () => {
  it('is not read: the file itself, a folder on the way, a device, a pipe, nor out by dots', () => {
    link(secret, 'flake.lock');
    link(outside, 'hosts');
    link('/dev/zero', 'zero');
    execFileSync('mkfifo', [join(top, 'pipe')]);
    mkdirSync(join(top, 'folder'));
    for (const path of [
      'flake.lock',
      'hosts/id_ed25519',
      'zero',
      'pipe',
      'folder',
      '../outside/id_ed25519',
    ]) {
      expect(() => readWithin(top, path), path).toThrow(unsafe);
    }
    link('/dev/zero', 'fleet.yaml');
    expect(() =>
      readConfig({ cwd: top, surroundings: here }, { directory: top, config: 'fleet.yaml' }),
    ).toThrow(unsafe);
    link(secret, 'saved.plan');
    expect(() => readPlanFile({ cwd: top }, 'saved.plan')).toThrow(unsafe);
  });

  it('is not read when it is too large', () => {
    writeFileSync(join(top, 'flake.lock'), 'x'.repeat(16 * 2 ** 20 + 1));
    expect(() => readWithin(top, 'flake.lock')).toThrow(unsafe);
  });

  it('is replaced where fleet writes, and what it leads to is left alone', () => {
    link(secret, 'flake.lock');
    writeWithin(top, 'flake.lock', 'new');
    expect(readWithin(top, 'flake.lock')).toBe('new');
    link(outside, 'hosts');
    expect(() => writeWithin(top, 'hosts/id_ed25519', 'new')).toThrow(unsafe);
    expect(() => removeWithin(top, 'hosts/id_ed25519')).toThrow(unsafe);
    link(secret, 'gone');
    removeWithin(top, 'gone');
    expect(readFileSync(secret, 'utf8')).toBe('SECRET');
  });

  it('to nowhere keeps a new file from being written through it', () => {
    link(join(outside, 'new'), 'fleet.yaml');
    expect(writeNewWithin(top, 'fleet.yaml', 'text')).toBe(false);
    expect(existsSync(join(outside, 'new'))).toBe(false);
  });
});

describe('a fleet repository with links', () => {
  beforeEach(() => {
    writeFileSync(join(top, 'fleet.yaml'), fleetYaml);
  });
  const open = () =>
    openWorkspace({ cwd: top, surroundings: here }, { directory: top, config: 'fleet.yaml' });

  it('is rendered into itself only', () => {
    mkdirSync(join(top, 'hosts/hv1'), { recursive: true });
    for (const name of ['default.nix', 'networks.nix', 'config.nix', 'firewall.nix'])
      link(secret, `hosts/hv1/${name}.fleet-new`);
    writeRendered(open());
    expect(readFileSync(secret, 'utf8')).toBe('SECRET');
    expect(existsSync(join(top, 'hosts/hv1/default.nix'))).toBe(true);
  });

  it.each(['hosts', 'modules', 'flake.nix', 'hosts/hv1'])(
    'is not rendered when %s is one',
    (path) => {
      if (path.includes('/')) mkdirSync(join(top, 'hosts'));
      link(path === 'flake.nix' ? secret : outside, path);
      expect(() => writeRendered(open())).toThrow(
        expect.objectContaining({ code: 'render.conflict' }),
      );
    },
  );

  it('shows nothing of what its flake.lock leads to', async () => {
    execFileSync('git', ['init', '-q', top]);
    link(secret, 'flake.lock');
    await expect(nextCommit(open(), await openRepo(top))).rejects.toEqual(unsafe);
  });
});
