import { expect, test, vi } from 'vitest';
import { failure, openRepo, useSandbox } from './sandbox.ts';

const box = useSandbox();
const head = () => box.desk.git('rev-parse', 'HEAD');
/** Commits what the work tree holds at these paths. */
const commit = async (paths: string[], message: string) => {
  const repo = await openRepo(box.desk.dir);
  return repo.commit(box.desk.contents(...paths), message, await repo.head());
};
const changed = () =>
  box.desk.git('diff-tree', '-r', '--name-status', '--no-commit-id', 'HEAD').split('\n');

test('created, changed and removed paths, and nothing else that is dirty or staged', async () => {
  const { desk } = box;
  for (const name of ['change', 'remove', 'removed-by-git', 'dirty', 'staged'])
    desk.write(name, '1\n');
  desk.git('add', '.');
  desk.git('commit', '-qm', 'before');
  desk.write('change', '2\n');
  desk.remove('remove');
  desk.git('rm', '-q', 'removed-by-git');
  desk.write('hosts/new.nix', '{ }\n');
  desk.write('dirty', '2\n');
  desk.write('staged', '2\n');
  desk.write('staged-new', '1\n');
  desk.git('add', 'staged', 'staged-new');
  desk.write('staged', '3\n');
  desk.write('untracked', '1\n');

  const paths = ['change', 'remove', 'removed-by-git', 'hosts/new.nix', 'never-was'];
  expect(await commit(paths, 'fleet: web1\n\n# not a comment\n')).toBe(head());
  expect(changed()).toEqual(['M\tchange', 'A\thosts/new.nix', 'D\tremove', 'D\tremoved-by-git']);
  expect(desk.status()).toEqual([' M dirty', 'MM staged', 'A  staged-new', '?? untracked']);
  expect(desk.git('show', ':staged')).toBe('2');
  expect(desk.git('log', '-1', '--format=%B')).toContain('# not a comment');
});

test('nothing to commit: HEAD, no new commit', async () => {
  const before = head();
  expect(await commit(['fleet.yaml', 'absent'], 'nothing')).toBe(before);
  expect(await commit([], 'nothing')).toBe(before);
});

test('paths are paths, not patterns', async () => {
  const { desk } = box;
  for (const name of ['*.nix', ':!fleet.yaml', 'other.nix', 'a\nb']) desk.write(name, '1\n');
  await commit(['*.nix', ':!fleet.yaml', 'a\nb'], 'odd names');
  expect(changed()).toEqual(['A\t*.nix', 'A\t:!fleet.yaml', 'A\t"a\\nb"']);
  expect(desk.status()).toEqual(['?? other.nix']);
});

test('a rendered file that .gitignore hides is committed: hypervisors need it', async () => {
  box.desk.write('.gitignore', 'hosts/\n');
  box.desk.write('hosts/hv1.nix', '{ }\n');
  await commit(['hosts/hv1.nix'], 'ignored');
  expect(changed()).toEqual(['A\thosts/hv1.nix']);
});

test('files made known with `git add -N` before', async () => {
  box.desk.write('flake.lock', '{}\n');
  box.desk.git('add', '-N', 'flake.lock');
  await commit(['flake.lock'], 'lock');
  expect(changed()).toEqual(['A\tflake.lock']);
});

test("author, committer and hooks are the user's", async () => {
  vi.stubEnv('GIT_AUTHOR_NAME', 'Grace');
  box.desk.hook('commit-msg', 'echo "Ticket: 7" >> "$1"');
  box.desk.write('a', '1\n');
  await commit(['a'], 'message');
  expect(box.desk.git('log', '-1', '--format=%an %cn')).toBe('Grace Ada');
  expect(box.desk.git('log', '-1', '--format=%B')).toContain('Ticket: 7');
});

test('a pre-commit hook that says no: its output, and everything as before', async () => {
  const before = head();
  box.desk.hook('pre-commit', 'echo "trailing space in a.nix"; echo "é und mehr" >&2; exit 1');
  box.desk.write('a.nix', '{ } \n');
  box.desk.write('staged', '1\n');
  box.desk.git('add', 'staged');
  const status = box.desk.status();
  const error = await failure(commit(['a.nix'], 'x'));
  expect(error.code).toBe('git.hook-failed');
  expect(error.message).toContain('pre-commit');
  expect(error.detail).toContain('trailing space in a.nix');
  expect(error.detail).toContain('é und mehr');
  expect(head()).toBe(before);
  expect(box.desk.status()).toEqual(status);
});

test('a hook that waits for input gets none, and may use git itself', async () => {
  box.desk.hook(
    'pre-commit',
    'cat; git diff --cached --name-only --no-renames --name-stat >/dev/null; git show nothing; true',
  );
  box.desk.write('a', '1\n');
  await commit(['a'], 'x');
  expect(changed()).toEqual(['A\ta']);
});

test('a signature that cannot be made', async () => {
  const before = head();
  box.desk.git('config', 'commit.gpgSign', 'true');
  box.desk.git('config', 'gpg.format', 'ssh');
  box.desk.git('config', 'user.signingKey', '/no/such/key');
  box.desk.write('a', '1\n');
  const error = await failure(commit(['a'], 'x'));
  expect(error.code).toBe('git.signing-failed');
  expect(error.detail).not.toBe('');
  expect(head()).toBe(before);
  expect(box.desk.status()).toEqual(['?? a']);
});

test('a signing program that is not there', async () => {
  box.desk.git('config', 'commit.gpgSign', 'true');
  box.desk.git('config', 'gpg.program', '/no/such/gpg');
  box.desk.write('a', '1\n');
  const error = await failure(commit(['a'], 'x'));
  expect(error.code).toBe('git.signing-failed');
});

test('git does not know who commits', async () => {
  vi.stubEnv('GIT_CONFIG_GLOBAL', '/dev/null');
  box.desk.git('config', 'user.useConfigOnly', 'true');
  box.desk.write('a', '1\n');
  const error = await failure(commit(['a'], 'x'));
  expect(error.code).toBe('git.no-identity');
  expect(error.hint).toContain('user.email');
});

test('what the work tree and the index hold by then is not committed, and stays', async () => {
  const { desk } = box;
  const repo = await openRepo(desk.dir);
  const planned = new Map([
    ['fleet.yaml', 'version: planned\n'],
    ['hosts/web1.nix', '{ planned = true; }\n'],
  ]);
  desk.write('fleet.yaml', 'version: edited later\n');
  desk.write('hosts/web1.nix', '{ edited = true; }\n');
  desk.git('add', '--all');
  const on = head();
  expect(await repo.commit(planned, 'planned', on)).toBe(head());
  expect(desk.git('show', 'HEAD:fleet.yaml')).toBe('version: planned');
  expect(desk.git('show', 'HEAD:hosts/web1.nix')).toBe('{ planned = true; }');
  expect(desk.read('fleet.yaml')).toBe('version: edited later\n');
  expect(desk.status()).toEqual([' M fleet.yaml', ' M hosts/web1.nix']);
});

test('a file stays executable; a link that is in the way of one becomes a file', async () => {
  const { desk } = box;
  const blob = desk.git('rev-parse', 'HEAD:fleet.yaml');
  desk.git('update-index', '--add', '--cacheinfo', `100755,${blob},run.sh`);
  desk.git('update-index', '--add', '--cacheinfo', `120000,${blob},flake.nix`);
  desk.git('commit', '-qm', 'before');
  const repo = await openRepo(desk.dir);
  const planned = new Map([
    ['run.sh', '2\n'],
    ['flake.nix', '{ }\n'],
  ]);
  await repo.commit(planned, 'x', head());
  const modes = desk.git('ls-tree', '-r', '--format=%(objectmode) %(path)', 'HEAD').split('\n');
  expect(modes).toEqual(['100644 flake.nix', '100644 fleet.yaml', '100755 run.sh']);
});

test('a hook that changes what is to be committed: nothing is', async () => {
  const before = head();
  box.desk.hook('pre-commit', 'echo "# formatted" >> a.nix; git add a.nix');
  box.desk.write('a.nix', '{ }\n');
  const error = await failure(commit(['a.nix'], 'x'));
  expect(error.code).toBe('git.hook-changed');
  expect(head()).toBe(before);
  expect(box.desk.status()).toEqual(['?? a.nix']);
});

test('refuses when somebody has committed since it was planned', async () => {
  const { desk } = box;
  const planned = head();
  desk.write('notes', 'mine\n');
  const theirs = desk.commitAll('mine');
  const repo = await openRepo(desk.dir);
  const error = await failure(repo.commit(new Map([['a', '1\n']]), 'x', planned));
  expect(error.code).toBe('git.head-moved');
  expect(head()).toBe(theirs);
  expect(desk.status()).toEqual([]);
});

test('somebody commits on top at the same moment: their commit stays', async () => {
  const { desk } = box;
  const mine = 'git -c core.hooksPath=/dev/null commit -q --allow-empty -m mine';
  desk.hook('post-commit', mine);
  desk.write('a', '1\n');
  const error = await failure(commit(['a'], 'x'));
  expect(error.code).toBe('git.head-moved');
  expect(error.hint).not.toContain('Nothing was committed');
  expect(desk.git('log', '-2', '--format=%s')).toBe('mine\nx');
});

test('an index that somebody else has locked: nothing is committed', async () => {
  const before = head();
  box.desk.write('a', '1\n');
  box.desk.write('.git/index.lock', '');
  const error = await failure(commit(['a'], 'x'));
  expect(error.code).toBe('git.failed');
  expect(error.detail).toContain('index.lock');
  expect(head()).toBe(before);
});

test('in the middle of a merge', async () => {
  box.desk.git('switch', '-qc', 'side');
  box.desk.write('fleet.yaml', 'version: 2\n');
  box.desk.git('commit', '-qam', 'side');
  box.desk.git('switch', '-q', 'main');
  box.desk.write('fleet.yaml', 'version: 3\n');
  box.desk.git('commit', '-qam', 'main');
  expect(() => box.desk.git('merge', 'side')).toThrow();
  box.desk.write('a', '1\n');
  const error = await failure(commit(['a'], 'x'));
  expect(error.code).toBe('git.in-progress');
  expect(error.hint).toContain('git merge --abort');
});

test('three thousand new files', { timeout: 360_000 }, async () => {
  const paths = Array.from(
    { length: 3000 },
    (_, i) => `hosts/hypervisor-${i}/vms/some-vm-with-a-name.nix`,
  );
  for (const path of paths) box.desk.write(path, `# ${path}\n`);
  await commit(paths, 'many');
  expect(changed()).toHaveLength(3000);
});
