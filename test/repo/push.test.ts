import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { failure, openRepo, settings, useSandbox } from './sandbox.ts';

const box = useSandbox();
const ready = async (more = {}) => (await openRepo(box.desk.dir)).ready({ ...settings, ...more });

async function commitAndPush(text: string) {
  const repo = await openRepo(box.desk.dir);
  box.desk.write('a.nix', text);
  const commit = await repo.commit(new Map([['a.nix', text]]), 'change a', await repo.head());
  return { commit, pushed: repo.push(settings) };
}

/** Someone else pushes a commit. */
function someoneElse(subject: string): void {
  const other = box.clone(`other-${Math.random()}`);
  other.git('config', 'user.name', 'Grace Hopper');
  other.write('b.nix', subject);
  other.git('add', '.');
  other.git('commit', '-qm', subject);
  other.git('push', '-q', 'origin', 'main');
}

test('ready, commit, push', async () => {
  expect(await ready()).toMatchObject({ branch: 'main', url: `file://${box.remote.dir}` });
  expect(await ready({ url: 'ssh://git@example.net/infra.git' })).toMatchObject({
    url: 'ssh://git@example.net/infra.git',
  });
  const { commit, pushed } = await commitAndPush('1');
  expect(await pushed).toEqual({ commit, branch: 'main' });
  expect(box.remote.git('rev-parse', 'main')).toBe(commit);
  expect(box.desk.git('rev-parse', 'origin/main')).toBe(commit);
  expect(await ready()).toMatchObject({ branch: 'main' });
});

test('a branch that the remote does not have yet', async () => {
  box.desk.git('switch', '-qc', 'prod');
  expect(await ready({ branch: 'prod' })).toMatchObject({ branch: 'prod' });
  await (await openRepo(box.desk.dir)).push(settings);
  expect(box.remote.git('rev-parse', 'prod')).toBe(box.desk.git('rev-parse', 'HEAD'));
});

test('the remote moved on: whose commits, what to do, nothing pushed', async () => {
  someoneElse('Grace was here');
  const error = await failure(ready());
  expect(error.code).toBe('git.moved-on');
  expect(error.detail).toMatch(/[0-9a-f]{7} Grace Hopper, .*: Grace was here/);
  expect(error.hint).toContain('git pull --rebase --autostash origin main');
});

test('two clones race: the second push is refused, not forced', async () => {
  await ready();
  const { commit, pushed } = await (async () => {
    someoneElse('faster');
    return commitAndPush('slower');
  })();
  const error = await failure(pushed);
  expect(error.code).toBe('git.moved-on');
  expect(error.detail).toContain('faster');
  expect(box.remote.git('log', '-1', '--format=%s', 'main')).toBe('faster');
  expect(box.desk.git('rev-parse', 'HEAD')).toBe(commit);
});

test('a remote that takes no pushes', async () => {
  // Shows the remote's refusal as such; a file system without permission would not stop root.
  box.remote.hook('pre-receive', 'echo "main is protected"; exit 1');
  const error = await failure((await commitAndPush('1')).pushed);
  expect(error.code).toBe('git.no-permission');
  expect(error.detail).toContain('main is protected');
});

test('a pre-push hook that says no', async () => {
  box.desk.hook('pre-push', 'cat >/dev/null; echo "tests fail" >&2; exit 1');
  const error = await failure((await commitAndPush('1')).pushed);
  expect(error.code).toBe('git.hook-failed');
  expect(error.message).toContain('pre-push');
  expect(error.detail).toContain('tests fail');
});

test('detached HEAD, another branch, no such remote, no remote', async () => {
  expect((await failure(ready({ branch: 'prod' }))).code).toBe('git.wrong-branch');
  const noRemote = await failure(ready({ remote: 'upstream' }));
  expect(noRemote.code).toBe('git.no-remote');
  expect(noRemote.hint).toContain('It has origin');
  expect((await failure(ready({ remote: '--upload-pack=touch pwned' }))).code).toBe(
    'git.no-remote',
  );
  box.desk.git('switch', '-q', '--detach');
  const detached = await failure(ready({ branch: 'main' }));
  expect(detached.code).toBe('git.detached-head');
  expect(detached.hint).toContain('git switch main');
});

test('a shallow clone', async () => {
  await (await commitAndPush('1')).pushed;
  const shallow = box.clone('shallow', '--depth=1');
  const error = await failure((await openRepo(shallow.dir)).ready(settings));
  expect(error.code).toBe('git.shallow');
  expect(error.hint).toContain('fetch-depth: 0');
});

test('conflicts that are left in the index', async () => {
  box.desk.git('switch', '-qc', 'side');
  box.desk.write('fleet.yaml', 'version: 2\n');
  box.desk.git('commit', '-qam', 'side');
  box.desk.git('switch', '-q', 'main');
  box.desk.write('fleet.yaml', 'version: 3\n');
  box.desk.git('commit', '-qam', 'main');
  expect(() => box.desk.git('merge', '--squash', 'side')).toThrow();
  const error = await failure(ready());
  expect(error.code).toBe('git.conflicts');
  expect(error.detail).toBe('fleet.yaml');
});

test('a remote that is not there', async () => {
  box.desk.git('remote', 'set-url', 'origin', join(box.dir, 'gone.git'));
  const error = await failure(ready());
  expect(error.code).toBe('git.remote-unreachable');
  expect(error.detail).toContain('gone.git');
});

test('credentials of the url are in no message and not in the url we hand on', async () => {
  box.desk.git('remote', 'set-url', 'origin', 'http://ada:s3cret-token@127.0.0.1:1/infra.git');
  const error = await failure(ready());
  expect(error.code).toBe('git.remote-unreachable');
  const everything = JSON.stringify([error.message, error.hint, error.detail, error.stack]);
  expect(everything).not.toContain('s3cret-token');
  expect(error.detail).toContain('127.0.0.1');
  box.desk.git('remote', 'set-url', 'origin', `file://${box.remote.dir}`);
  expect((await ready({ url: 'https://ada:s3cret-token@example.net/i.git' })).url).toBe(
    'https://example.net/i.git',
  );
});

test('ssh is called in batch mode, unless the user says how it is called', async () => {
  box.desk.git('remote', 'set-url', 'origin', 'ssh://git@127.0.0.1:1/infra.git');
  // A stand-in for ssh that shows how it was called; it connects nowhere.
  box.desk.write(
    '.git/bin/ssh',
    '#!/bin/sh\necho "called: $0 $*" >&2\necho "Permission denied (publickey)." >&2\nexit 255\n',
  );
  box.desk.git('update-index', '--refresh');
  const bin = join(box.desk.dir, '.git/bin');
  const { chmodSync } = await import('node:fs');
  chmodSync(join(bin, 'ssh'), 0o755);
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
  const error = await failure(ready());
  expect(error.code).toBe('git.no-permission');
  expect(error.detail).toContain('BatchMode=yes');
  vi.stubEnv('GIT_SSH_COMMAND', 'ssh -i mine');
  expect((await failure(ready())).detail).toMatch(/called: .* -i mine (?!.*BatchMode)/);
  vi.stubEnv('GIT_SSH_COMMAND', undefined);
  box.desk.git('config', 'core.sshCommand', 'ssh -i configured');
  expect((await failure(ready())).detail).toContain('-i configured');
});

test('all that stands in the way here is told at once, and nobody is asked', async () => {
  box.desk.git('checkout', '-q', '--detach');
  box.desk.git('config', 'user.useConfigOnly', 'true');
  vi.stubEnv('GIT_CONFIG_GLOBAL', '/dev/null');
  for (const name of ['AUTHOR_NAME', 'AUTHOR_EMAIL', 'COMMITTER_NAME', 'COMMITTER_EMAIL'])
    vi.stubEnv(`GIT_${name}`, undefined);
  const { branch, url, obstacles } = await (await openRepo(box.desk.dir)).outset({
    ...settings,
    remote: 'upstream',
  });
  expect([branch, url]).toEqual([undefined, undefined]);
  expect(obstacles.map((one) => (one as { code?: string }).code)).toEqual([
    'git.detached-head',
    'git.no-remote',
    'git.no-identity',
  ]);
});

test('whether a push would be taken is asked without one, and without the hook of the person', async () => {
  const repo = await openRepo(box.desk.dir);
  box.desk.write('a.nix', '2');
  await repo.commit(new Map([['a.nix', '2']]), 'not pushed', await repo.head());
  box.desk.write('.git/hooks/pre-push', '#!/bin/sh\nexit 1\n');
  execFileSync('chmod', ['+x', join(box.desk.dir, '.git/hooks/pre-push')]);
  const before = box.remote.git('for-each-ref');
  await repo.mayPush(settings, 'main');
  // Somebody else was faster: they may push all the same.
  someoneElse('theirs');
  const theirs = box.remote.git('for-each-ref');
  await repo.mayPush(settings, 'main');
  expect(box.remote.git('for-each-ref')).toBe(theirs);
  expect(theirs).not.toBe(before);
  box.desk.git('config', 'remote.origin.receivepack', 'echo permission denied >&2; false');
  expect((await failure(repo.mayPush(settings, 'main'))).code).toBe('git.no-permission');
});
