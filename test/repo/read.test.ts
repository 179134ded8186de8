import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { Clone, failure, openRepo, useSandbox } from './sandbox.ts';

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

test('a folder that only looks like a repository is none, and starts nothing', async () => {
  const pwned = join(box.dir, 'pwned');
  const settings = `[core]\n bare = false\n worktree = .\n fsmonitor = "touch '${pwned}'"\n`;
  box.desk.write('infra/HEAD', 'ref: refs/heads/main\n');
  box.desk.write('infra/config', `${settings}repositoryformatversion = 0\n`);
  for (const folder of ['objects', 'refs'])
    mkdirSync(join(box.desk.dir, 'infra', folder), { recursive: true });
  const repo = await openRepo(join(box.desk.dir, 'infra')).catch(() => undefined);
  await repo?.dirty();
  expect(existsSync(pwned)).toBe(false);
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
  const head = (await repo.head()) as string;
  const files = await repo.filesAt(head);
  expect(files.map((f) => f.path)).toEqual([...names, 'empty.nix', 'fleet.yaml'].sort());
  expect(files.find((f) => f.path === 'fleet.yaml')?.blob).toBe(
    box.desk.git('rev-parse', 'HEAD:fleet.yaml'),
  );
  const texts = await repo.textsAt(head, [...names, 'empty.nix', 'absent.nix']);
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
  const id = await repo.commit(fresh.contents('fleet.yaml'), 'first', undefined);
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
  const named = new Map(texts.map((text, i) => [`${i}`, text]));
  const found = await (await openRepo(other.dir)).idsOf(named);
  expect([...found.values()]).toEqual(ids);
});

test('autocrlf changes nothing about the blob of a text with line feeds', async () => {
  box.desk.git('config', 'core.autocrlf', 'true');
  const repo = await openRepo(box.desk.dir);
  const texts = new Map([['a.nix', '{\n}\n']]);
  await repo.commit(texts, 'crlf', await repo.head());
  expect((await repo.idsOf(texts)).get('a.nix')).toBe(box.desk.git('rev-parse', 'HEAD:a.nix'));
});

test('a text with carriage returns is as git keeps it: converted, or not', async () => {
  const repo = await openRepo(box.desk.dir);
  const text = 'version: 1\r\n';
  const id = async () => (await repo.idsOf(new Map([['fleet.yaml', text]]))).get('fleet.yaml');
  expect(await id()).not.toBe(box.desk.git('rev-parse', 'HEAD:fleet.yaml'));
  box.desk.git('config', 'core.autocrlf', 'true');
  expect(await id()).toBe(box.desk.git('rev-parse', 'HEAD:fleet.yaml'));
});

test('what is executable, a link or a submodule is told from a file with the same content', async () => {
  const { desk } = box;
  const content = desk.git('rev-parse', 'HEAD:fleet.yaml');
  const commit = desk.git('rev-parse', 'HEAD');
  for (const [mode, id, path] of [
    ['100755', content, 'run.sh'],
    ['120000', content, 'link'],
    ['160000', commit, 'sub'],
  ])
    desk.git('update-index', '--add', '--cacheinfo', `${mode},${id},${path}`);
  desk.git('commit', '-qm', 'modes');
  const repo = await openRepo(desk.dir);
  const head = (await repo.head()) as string;
  expect((await repo.filesAt(head)).map((f) => [f.path, f.mode, f.blob])).toEqual([
    ['fleet.yaml', '100644', content],
    ['link', '120000', content],
    ['run.sh', '100755', content],
    ['sub', '160000', commit],
  ]);
  // The content of a submodule is elsewhere.
  expect([...(await repo.textsAt(head, ['run.sh', 'sub'])).keys()]).toEqual(['run.sh']);
});

test('subjects and trees are those of commits that are here; what is no commit, or elsewhere, is left out', async () => {
  const repo = await openRepo(box.desk.dir);
  const head = box.desk.git('rev-parse', 'HEAD');
  const subject = box.desk.git('log', '-1', '--format=%s');
  const asked = [head, 'f'.repeat(40), '--output=x', head];
  expect(await repo.subjects(asked)).toEqual(new Map([[head, subject]]));
  expect(await repo.subjects(['f'.repeat(40)])).toEqual(new Map());
  const tree = box.desk.git('rev-parse', 'HEAD^{tree}');
  expect(await repo.treesOf(asked)).toEqual(new Map([[head, tree]]));
});
