import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  expandPath,
  openExport,
  openPlace,
  whileLocked,
  writePlace,
} from '../../src/app/export/place.ts';

let home: string;
const at = (path: string) => join(home, path);
const write = (path: string, text: string) =>
  writePlace(openPlace(at(path), home), Buffer.from(text));
const mode = (path: string) => (statSync(at(path)).mode & 0o777).toString(8);
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'fleet-home-')));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test('a file is its owner’s alone, and so are the folders that are made for it', () => {
  const before = process.umask(0);
  try {
    expect(write('a/b/c', 'x')).toBe(true);
  } finally {
    process.umask(before);
  }
  expect([mode('a'), mode('a/b'), mode('a/b/c')]).toEqual(['700', '700', '600']);
  expect(readdirSync(at('a/b'))).toEqual(['c']);
});

test('what is there already is not written again, but closed to others', () => {
  writeFileSync(at('x'), 'same');
  chmodSync(at('x'), 0o644);
  const { ino } = statSync(at('x'));
  expect(write('x', 'same')).toBe(false);
  expect([statSync(at('x')).ino, mode('x')]).toEqual([ino, '600']);
  expect(write('x', 'other')).toBe(true);
  expect(mode('x')).toBe('600');
});

test('a link is followed, stays, and where it leads to is known', () => {
  mkdirSync(at('dotfiles'));
  writeFileSync(at('dotfiles/config'), 'old');
  symlinkSync('dotfiles/config', at('config'));
  expect(openPlace(at('config'), home)).toMatchObject({ real: at('dotfiles/config') });
  write('config', 'new');
  expect(lstatSync(at('config')).isSymbolicLink()).toBe(true);
  expect(readFileSync(at('dotfiles/config'), 'utf8')).toBe('new');
});

test.each<[string, () => void]>([
  ['a link to nowhere', () => symlinkSync('gone', at('x'))],
  ['a folder', () => mkdirSync(at('x'))],
  ['a device', () => symlinkSync('/dev/zero', at('x'))],
  ['a file in a folder where everybody writes', () => chmodSync(home, 0o777)],
])('%s is no place', (_, make) => {
  make();
  expect(() => write('x', 'y')).toThrow(expect.objectContaining({ code: 'export.place' }));
  expect(existsSync(at('gone'))).toBe(false);
});

test.each<[string, string, (folder: string) => void]>([
  ['a hidden folder', 'web/a', () => symlinkSync(at('.config'), at('web'))],
  ['one that is to be made there', 'web/new/a', () => symlinkSync(at('.config'), at('web'))],
  ['a hidden file', 'a', () => symlinkSync('.config/x', at('a'))],
])('a link that leads to %s is no way to it, and makes nothing there', (_, path, make) => {
  mkdirSync(at('.config'));
  writeFileSync(at('.config/x'), 'mine');
  make(home);
  for (const to of [`~/${path}`, at(path)])
    for (const isMerged of [true, false])
      expect(() => openExport(to, home, isMerged)).toThrow(
        expect.objectContaining({
          code: 'export.place',
          message: expect.stringContaining('take orders or keys'),
        }),
      );
  expect(readdirSync(at('.config'))).toEqual(['x']);
});

test('a home that is known by two names is one', () => {
  const other = `${home}-link`;
  symlinkSync(home, other);
  try {
    for (const [to, from] of [
      [at('.ssh/rc'), other],
      [`${other}/.ssh/rc`, home],
    ] as const)
      expect(() => openExport(to, from, false)).toThrow('take orders or keys');
    expect(openExport('~/tokens/x', other, false)).toMatchObject({ real: at('tokens/x') });
  } finally {
    rmSync(other);
  }
});

test('a kubeconfig may be kept elsewhere: where the user’s link in ~/.kube leads, hidden or not', () => {
  mkdirSync(at('.dotfiles/kube'), { recursive: true });
  symlinkSync('.dotfiles/kube', at('.kube'));
  expect(openExport('~/.kube/config', home, true)).toMatchObject({
    real: at('.dotfiles/kube/config'),
  });
  expect(() => openExport('~/.kube/config', home, false)).toThrow('take orders or keys');
});

test('nobody else decides where it leads: not in a folder where everybody may replace what is there', () => {
  mkdirSync(at('open/web'), { recursive: true });
  chmodSync(at('open'), 0o777);
  expect(() => openExport('~/open/web/a', home, false)).toThrow(
    'everybody can write to the folder',
  );
  chmodSync(at('open'), 0o1777);
  expect(openExport('~/open/web/a', home, false)).toMatchObject({ real: at('open/web/a') });
});

test.runIf(process.getuid?.() === 0)('a link or folder of somebody else is no way', () => {
  mkdirSync(at('mine'));
  mkdirSync(at('open'));
  chmodSync(at('open'), 0o1777);
  symlinkSync(at('mine'), at('open/web'));
  mkdirSync(at('theirs/web'), { recursive: true });
  lchownSync(at('open/web'), 65533, 65533);
  lchownSync(at('theirs'), 65533, 65533);
  expect(() => openExport('~/open/web/a', home, false)).toThrow(
    `the link ${at('open/web')} belongs to somebody else`,
  );
  expect(() => openExport('~/theirs/web/a', home, false)).toThrow(
    `the folder ${at('theirs')} belongs to somebody else`,
  );
  expect(readdirSync(at('mine'))).toEqual([]);
});

test.runIf(process.getuid?.() === 0)('a home of another user is a home, as in a container', () => {
  lchownSync(home, 65533, 65533);
  expect(openExport('~/tokens/x', home, false)).toMatchObject({ real: at('tokens/x') });
});

test('a folder that cannot be made is said, by name', () => {
  writeFileSync(at('file'), '');
  expect(() => write('file/x', 'y')).toThrow(`${at('file/x')} cannot be written: `);
});

test('a kubeconfig that kubectl has locked is waited for, and then left alone', async () => {
  writeFileSync(at('config.lock'), '');
  let slept = 0;
  const sleep = async (ms: number) => {
    slept += ms;
    if (slept === 300) rmSync(at('config.lock'));
  };
  expect(await whileLocked(at('config'), sleep, () => existsSync(at('config.lock')))).toBe(true);
  expect(existsSync(at('config.lock'))).toBe(false);
  writeFileSync(at('config.lock'), '');
  await expect(
    whileLocked(
      at('config'),
      async () => {},
      () => 1,
    ),
  ).rejects.toThrow('is being changed by another program');
  expect(existsSync(at('config.lock'))).toBe(true);
});

test('~ is the home, and nothing else is', () => {
  expect(expandPath('~/x', '/home/ada')).toBe('/home/ada/x');
  expect(expandPath('/x/~/y', '/home/ada')).toBe('/x/~/y');
});
