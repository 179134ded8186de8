import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { complete, Desk } from './fleet.ts';

const said = 'fleet.yaml is valid: 1 hypervisor, 1 network, 1 vm\n';

/** The files that Node keeps in a folder. */
const kept = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** What runs here is not counted: with what was compiled before, coverage is less than it is. */
function keepingDesk(): Desk {
  const desk = new Desk(complete);
  delete desk.env.NODE_DISABLE_COMPILE_CACHE;
  // Empty, not away: Node gives a child its own where there is none.
  desk.env.NODE_V8_COVERAGE = '';
  return desk;
}

describe('what V8 compiled', () => {
  test('is kept in the cache of whoever runs fleet, nowhere else, and is taken by the next run', async () => {
    const desk = keepingDesk();
    const temporary = join(desk.home, 'tmp');
    mkdirSync(temporary);
    desk.env.TMPDIR = temporary;
    expect((await desk.fleet('validate')).stdout).toBe(said);
    expect(kept(join(desk.home, '.cache/fleet'))).not.toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
    desk.env.NODE_DEBUG_NATIVE = 'COMPILE_CACHE';
    const { stderr } = await desk.fleet('validate');
    expect(stderr).toMatch(/read-config\.js was accepted/);
    expect(stderr).not.toMatch(/read-config\.js was rejected/);
  });

  test('is kept where XDG_CACHE_HOME says', async () => {
    const desk = keepingDesk();
    desk.env.XDG_CACHE_HOME = join(desk.home, 'caches');
    mkdirSync(desk.env.XDG_CACHE_HOME);
    await desk.fleet('validate');
    expect(readdirSync(desk.home)).toEqual(['caches']);
    expect(kept(join(desk.home, 'caches/fleet'))).not.toEqual([]);
  });

  test.each<[string, (file: string) => void]>([
    ['is something else', (file) => writeFileSync(file, 'compiled by somebody else'.repeat(100))],
    ['is cut short', (file) => truncateSync(file, 100)],
    ['is empty', (file) => truncateSync(file)],
  ])('is not needed: fleet.yaml is read when it %s', async (_, spoil) => {
    const desk = keepingDesk();
    await desk.fleet('validate');
    for (const file of kept(join(desk.home, '.cache'))) spoil(file);
    expect(await desk.fleet('validate')).toEqual({ code: 0, stdout: said, stderr: '' });
  });

  test.each<[string, (desk: Desk) => void]>([
    ['there is no home', ({ env, folder }) => Object.assign(env, { HOME: join(folder, 'none') })],
    [
      'somebody does not want it',
      ({ env }) => Object.assign(env, { NODE_DISABLE_COMPILE_CACHE: '1' }),
    ],
    ['it is a relative one', ({ env }) => Object.assign(env, { HOME: '.' })],
    ['nothing can be made in it', ({ home }) => writeFileSync(join(home, '.cache'), '')],
    [
      'a file is in the way',
      ({ home }) => {
        mkdirSync(join(home, '.cache'));
        writeFileSync(join(home, '.cache/fleet'), '');
      },
    ],
  ])('is not kept, and nothing is said, where %s', async (_, spoil) => {
    const desk = keepingDesk();
    spoil(desk);
    const before = readdirSync(desk.home);
    expect(await desk.fleet('validate')).toEqual({ code: 0, stdout: said, stderr: '' });
    expect(readdirSync(desk.home)).toEqual(before);
    expect(existsSync(join(desk.folder, '.cache'))).toBe(false);
  });

  // Only root can give a folder away.
  test.skipIf(process.getuid?.() !== 0)(
    'is neither kept in nor taken from a home or folder of somebody else',
    async () => {
      const desk = keepingDesk();
      chownSync(desk.home, 65534, 65534);
      await desk.fleet('validate');
      expect(readdirSync(desk.home)).toEqual([]);

      const shared = keepingDesk();
      const folder = join(shared.home, 'fleet');
      mkdirSync(folder, { mode: 0o777 });
      chownSync(folder, 65534, 65534);
      shared.env.XDG_CACHE_HOME = shared.home;
      await shared.fleet('validate');
      expect(kept(folder)).toEqual([]);
    },
  );

  test.each<[string, (folder: string) => void]>([
    ['may be written in by others', (folder) => chmodSync(folder, 0o777)],
    [
      'is a link',
      (folder) => {
        renameSync(folder, `${folder}-elsewhere`);
        symlinkSync(`${folder}-elsewhere`, folder);
      },
    ],
    ['lies where others may write', (folder) => chmodSync(dirname(folder), 0o1777)],
  ])('is not taken from a folder that %s', async (_, open) => {
    const desk = keepingDesk();
    await desk.fleet('validate');
    open(join(desk.home, '.cache/fleet'));
    desk.env.NODE_DEBUG_NATIVE = 'COMPILE_CACHE';
    expect(await desk.fleet('validate')).toEqual({ code: 0, stdout: said, stderr: '' });
  });

  test('is not kept to say the version', () => {
    const { env, home } = keepingDesk();
    const main = join(import.meta.dirname, '../../dist/main.js');
    execFileSync(process.execPath, [main, '--version'], { env });
    expect(readdirSync(home)).toEqual([]);
  });
});

test('what a deployment loads of Node is without HTTP, which takes long, until there is a page to ask for', () => {
  const parts = ['host/ssh/login.ts', 'deploy/probes.ts'].map(
    (part) =>
      `await import(${JSON.stringify(new URL(`../../src/${part}`, import.meta.url).href)});`,
  );
  const program = `${parts.join('')} console.log(process.moduleLoadList.join('\\n'));`;
  const loaded = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  }).split('\n');
  expect(loaded).toContain('NativeModule crypto');
  expect(loaded.filter((name) => /^NativeModule (http|https)$/.test(name))).toEqual([]);
});
