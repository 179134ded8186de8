import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openRepo } from '../../src/repo/open.ts';
import { Clone, failure, useSandbox } from './sandbox.ts';

const box = useSandbox();

test('opens from a folder below the top', async () => {
  mkdirSync(join(box.desk.dir, 'hosts'));
  const repo = await openRepo(join(box.desk.dir, 'hosts'));
  expect(repo.top).toBe(box.desk.dir);
  expect(await repo.head()).toBe(box.desk.git('rev-parse', 'HEAD'));
});

test.each([
  ['a folder without git', ''],
  ['a folder that does not exist', 'nowhere'],
  ['a bare repository', 'remote.git'],
])('%s is not a repository to work in', async (_, name) => {
  const error = await failure(openRepo(join(box.dir, name)));
  expect(error.code).toBe('git.not-a-repository');
  expect(error.hint).toContain('git init');
});

test('variables of a hook that started us point elsewhere and are not obeyed', async () => {
  vi.stubEnv('GIT_DIR', join(box.dir, 'remote.git'));
  vi.stubEnv('GIT_INDEX_FILE', join(box.dir, 'other-index'));
  vi.stubEnv('GIT_WORK_TREE', box.dir);
  const repo = await openRepo(box.desk.dir);
  expect(repo.top).toBe(box.desk.dir);
  expect(await repo.dirty()).toEqual([]);
});

test('files of HEAD, whatever their names, with their texts', async () => {
  const names = [
    'a b.nix',
    'é.nix',
    'it\'s "quoted".nix',
    'line\nfeed.nix',
    '*.nix',
    ':(top)x.nix',
  ];
  for (const name of names) box.desk.write(name, `# ${name}\n`);
  box.desk.write('empty.nix', '');
  box.desk.git('add', '.');
  box.desk.git('commit', '-qm', 'names');
  box.desk.write('a b.nix', 'changed since\n');
  const repo = await openRepo(box.desk.dir);
  const files = await repo.committed();
  expect(files.map((f) => f.path)).toEqual([...names, 'empty.nix', 'fleet.yaml'].sort());
  expect(files.find((f) => f.path === 'fleet.yaml')?.blob).toBe(
    box.desk.git('rev-parse', 'HEAD:fleet.yaml'),
  );
  const texts = await repo.textsAtHead([...names, 'empty.nix', 'absent.nix']);
  expect(Object.fromEntries(texts)).toEqual({
    ...Object.fromEntries(names.map((name) => [name, `# ${name}\n`])),
    'empty.nix': '',
  });
});

test('dirty: changed, staged or deleted, but not untracked', async () => {
  for (const name of ['a', 'b', 'c', 'd']) box.desk.write(name, '1');
  box.desk.git('add', '.');
  box.desk.git('commit', '-qm', 'four');
  box.desk.write('a', '2');
  box.desk.write('b', '2');
  box.desk.git('add', 'b');
  box.desk.write('b', '1');
  box.desk.remove('c');
  box.desk.write('new', '1');
  expect(await (await openRepo(box.desk.dir)).dirty()).toEqual(['a', 'b', 'c']);
});

test('a repository without commits', async () => {
  const fresh = new Clone(join(box.dir, 'fresh'));
  execFileSync('git', ['init', '-q', fresh.dir]);
  fresh.write('fleet.yaml', 'version: 1\n');
  const repo = await openRepo(fresh.dir);
  expect(await repo.head()).toBeUndefined();
  expect(await repo.committed()).toEqual([]);
  expect(await repo.isCommitted(['fleet.yaml'])).toBe(false);
  expect(await repo.isCommitted(['absent'])).toBe(true);
  const id = await repo.commit(['fleet.yaml'], 'first');
  expect(await repo.head()).toBe(id);
});

test.each(['sha1', 'sha256'])("blob ids are git's own: %s", async (format) => {
  const other = new Clone(join(box.dir, format));
  execFileSync('git', ['init', '-q', `--object-format=${format}`, other.dir]);
  const texts = ['', 'a\n', 'é😀\n', 'x'.repeat(100_000)];
  const ids = texts.map((text) =>
    execFileSync('git', ['hash-object', '--stdin'], {
      cwd: other.dir,
      input: text,
      encoding: 'utf8',
    }).trim(),
  );
  expect(await (await openRepo(other.dir)).blobs(texts)).toEqual(ids);
});

test('autocrlf changes nothing about the blob of a text with line feeds', async () => {
  box.desk.git('config', 'core.autocrlf', 'true');
  const repo = await openRepo(box.desk.dir);
  box.desk.write('a.nix', '{\n}\n');
  await repo.commit(['a.nix'], 'crlf');
  const [id] = await repo.blobs(['{\n}\n']);
  expect(id).toBe(box.desk.git('rev-parse', 'HEAD:a.nix'));
  expect(await repo.isCommitted(['a.nix'])).toBe(true);
});
