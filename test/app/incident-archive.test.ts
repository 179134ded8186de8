import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { archivePath, writeArchive } from '../../src/app/incident/archive.ts';

const at = Date.UTC(2026, 10, 29, 14, 12, 5);
const clock = { now: () => at, sleep: async () => {} };
const files = [
  { path: 'README.txt', text: 'what is wrong\n' },
  { path: 'vms/web1/log.txt', text: `${'é'.repeat(700)}\n` },
  { path: 'empty', text: '' },
];
let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'fleet-archive-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

test('what tar unpacks is what was put in, in one folder, for its owner alone', () => {
  const file = archivePath({ clock, cwd }, ['web1'], undefined);
  expect(file).toMatch(/\/fleet-incident-web1-20261129-141205\.tar\.gz$/);
  const bytes = writeArchive(file, files, at);
  expect(statSync(file)).toMatchObject({ size: bytes });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(gunzipSync(readFileSync(file)).length % 512).toBe(0);
  execFileSync('tar', ['-xzf', file, '-C', cwd]);
  const folder = join(cwd, 'fleet-incident-web1-20261129-141205');
  for (const { path, text } of files)
    expect(readFileSync(join(folder, path), 'utf8'), path).toBe(text);
  expect(statSync(join(folder, 'README.txt')).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'README.txt')).mtimeMs).toBe(at);
});

test('nothing that is there is written over, also when it comes meanwhile', () => {
  const path = join(cwd, 'mine.tar.gz');
  const file = archivePath({ clock, cwd }, ['web1'], 'mine.tar.gz');
  writeFileSync(path, 'mine');
  expect(() => writeArchive(file, files, at)).toThrow('exists already');
  expect(() => archivePath({ clock, cwd }, ['web1'], path)).toThrow('exists already');
  symlinkSync('nowhere', join(cwd, 'link.tar.gz'));
  expect(() => writeArchive(join(cwd, 'link.tar.gz'), files, at)).toThrow('exists already');
  expect(readFileSync(path, 'utf8')).toBe('mine');
  expect(readdirSync(cwd).sort()).toEqual(['link.tar.gz', 'mine.tar.gz']);
});

test.each([
  [['web*', '@canary'], 'fleet-incident-web-canary-20261129-141205.tar.gz'],
  [['*'], 'fleet-incident-all-20261129-141205.tar.gz'],
  [['../../x'], 'fleet-incident-x-20261129-141205.tar.gz'],
  [['a'.repeat(300)], `fleet-incident-${'a'.repeat(60)}-20261129-141205.tar.gz`],
])('names that are patterns make a name of a file: %j', (names, expected) => {
  expect(archivePath({ clock, cwd }, names, undefined)).toBe(join(cwd, expected));
});

test('a folder that is not there, or git’s own, is refused', () => {
  expect(() => archivePath({ clock, cwd }, ['web1'], 'no/such.tar.gz')).toThrow(
    'there is no folder',
  );
  mkdirSync(join(cwd, '.git'));
  expect(() => archivePath({ clock, cwd }, ['web1'], '.git/x.tar.gz')).toThrow('in git');
  expect(() => writeArchive(join(cwd, 'gone/x.tar.gz'), files, at)).toThrow('ENOENT');
  expect(existsSync(join(cwd, 'gone'))).toBe(false);
});
