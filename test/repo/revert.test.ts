import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { failure, openRepo, useSandbox } from './sandbox.ts';

describe.each(['sha1', 'sha256'] as const)('%s', (format) => {
  const box = useSandbox(format);

  test('a revert is the tree of what was good on top of HEAD, past a merge, and moves nothing', async () => {
    const { desk } = box;
    const good = desk.git('rev-parse', 'HEAD');
    desk.git('switch', '-qc', 'side');
    desk.write('side.nix', '1\n');
    desk.commitAll('side');
    desk.git('switch', '-q', 'main');
    desk.write('fleet.yaml', 'version: 2\n');
    desk.commitAll('two');
    desk.git('merge', '-q', '--no-ff', '-m', 'merged', 'side');
    desk.write('fleet.yaml', 'version: not committed\n');
    const [status, refs] = [desk.status(), desk.git('for-each-ref')];
    const head = desk.git('rev-parse', 'HEAD');

    const repo = await openRepo(desk.dir);
    const revert = await repo.revertTo(good, 'fleet: back\n\n# why é\n');
    expect(desk.git('rev-parse', `${revert}^{tree}`)).toBe(desk.git('rev-parse', `${good}^{tree}`));
    expect(desk.git('log', '-1', '--format=%P|%an|%ce|%B', revert)).toBe(
      `${head}|Ada|ada@example.org|fleet: back\n\n# why é`,
    );
    expect([desk.status(), desk.git('for-each-ref')]).toEqual([status, refs]);

    const between = await repo.commitsBetween(good, head);
    expect(between.map((line) => line.replace(/^[0-9a-f]{7,} /, ''))).toEqual(
      expect.arrayContaining(['merged', 'two', 'side']),
    );
    expect(between).toHaveLength(3);
    expect(await repo.commitsBetween(head, good)).toEqual([]);
  });

  test('taken in: branch and work tree are there, what else is dirty stays', async () => {
    const { desk } = box;
    const good = desk.git('rev-parse', 'HEAD');
    desk.write('fleet.yaml', 'version: 2\n');
    desk.write('hosts/new.nix', '{ }\n');
    desk.write('notes', '1\n');
    desk.git('add', '.');
    desk.git('reset', '-q', 'notes');
    desk.git('commit', '-qm', 'bad');
    const repo = await openRepo(desk.dir);
    const revert = await repo.revertTo(good, 'back');
    await repo.fastForward(revert);
    expect(desk.git('rev-parse', 'main')).toBe(revert);
    expect(desk.git('symbolic-ref', 'HEAD')).toBe('refs/heads/main');
    expect(desk.read('fleet.yaml')).toBe('version: 1\n');
    expect(desk.status()).toEqual(['?? notes']);
    await repo.fastForward(revert);
    expect(desk.git('rev-parse', 'main')).toBe(revert);
  });
});

describe('a revert', () => {
  const box = useSandbox();

  /** A bad commit on top of a good one. */
  function bad(text = 'version: 2\n') {
    const good = box.desk.git('rev-parse', 'HEAD');
    box.desk.write('fleet.yaml', text);
    return { good, bad: box.desk.commitAll('bad') };
  }

  test('goes on top of the commit that is named, though HEAD has gone on', async () => {
    const commits = bad();
    box.desk.write('mine', '1\n');
    box.desk.commitAll('work of the user');
    const repo = await openRepo(box.desk.dir);
    const revert = await repo.revertTo(commits.good, 'back', commits.bad);
    expect(box.desk.git('rev-parse', `${revert}^`)).toBe(commits.bad);
    const error = await failure(repo.fastForward(revert));
    expect(error.code).toBe('git.diverged');
    expect(error.hint).toContain(`git rebase --autostash ${revert.slice(0, 12)}`);
    expect(box.desk.read('mine')).toBe('1\n');
  });

  test('runs no commit hook, and carries the author of the environment', async () => {
    const commits = bad();
    for (const hook of ['pre-commit', 'commit-msg']) box.desk.hook(hook, 'exit 1');
    vi.stubEnv('GIT_AUTHOR_NAME', 'Grace');
    const revert = await (await openRepo(box.desk.dir)).revertTo(commits.good, 'back');
    expect(box.desk.git('log', '-1', '--format=%an %cn', revert)).toBe('Grace Ada');
  });

  test('is signed when the user signs commits', async () => {
    const commits = bad();
    const key = join(box.dir, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    box.desk.git('config', 'gpg.format', 'ssh');
    box.desk.git('config', 'user.signingKey', key);
    const repo = await openRepo(box.desk.dir);
    const unsigned = await repo.revertTo(commits.good, 'back');
    expect(box.desk.git('cat-file', 'commit', unsigned)).not.toContain('gpgsig');
    box.desk.git('config', 'commit.gpgSign', 'true');
    box.desk.git('config', 'log.showSignature', 'true');
    const revert = await repo.revertTo(commits.good, 'back');
    expect(box.desk.git('cat-file', 'commit', revert)).toContain('BEGIN SSH SIGNATURE');
    expect(await repo.commitsBetween(commits.bad, revert)).toEqual([
      `${box.desk.git('rev-parse', '--short', revert)} back`,
    ]);
    rmSync(key);
    const error = await failure(repo.revertTo(commits.good, 'back'));
    expect(error.code).toBe('git.signing-failed');
  });

  test('git does not know who commits', async () => {
    const { good } = bad();
    vi.stubEnv('GIT_CONFIG_GLOBAL', '/dev/null');
    box.desk.git('config', 'user.useConfigOnly', 'true');
    const error = await failure((await openRepo(box.desk.dir)).revertTo(good, 'back'));
    expect(error.code).toBe('git.no-identity');
  });

  test('to a commit that is elsewhere, nowhere, or the same files: why, and what to do', async () => {
    const { good } = bad();
    box.desk.git('switch', '-q', '--orphan', 'other');
    const elsewhere = await (async () => {
      box.desk.write('x', '1\n');
      return box.desk.commitAll('x');
    })();
    box.desk.git('switch', '-q', 'main');
    box.desk.git('commit', '-q', '--allow-empty', '-m', 'empty');
    const repo = await openRepo(box.desk.dir);
    for (const [code, commit, why, what] of [
      ['git.cannot-revert', elsewhere, 'is not in the history', 'fleet apply'],
      ['git.cannot-revert', '1'.repeat(40), 'is not in this clone', 'git fetch'],
      [
        'git.nothing-to-revert',
        box.desk.git('rev-parse', 'HEAD^'),
        'the same files',
        'see what failed',
      ],
    ] as const) {
      const error = await failure(repo.revertTo(commit, 'back'));
      expect(error.code).toBe(code);
      expect(error.message).toContain(why);
      expect(error.hint).toContain(what);
    }
    expect(await repo.revertTo(good, 'back')).toMatch(/^[0-9a-f]{40}$/);
  });

  test('says at most twenty of many commits, the newest', async () => {
    const good = box.desk.git('rev-parse', 'HEAD');
    for (let i = 1; i <= 22; i++) box.desk.git('commit', '-q', '--allow-empty', '-m', `c${i}`);
    const lines = await (await openRepo(box.desk.dir)).commitsBetween(good, 'HEAD');
    expect(lines).toHaveLength(20);
    expect(lines[0]).toMatch(/ c22$/);
  });
});

describe('taking in does not overwrite', () => {
  const box = useSandbox();

  /** A commit that changes one file, removes one and brings two back that HEAD does not have. */
  async function coming() {
    const { desk } = box;
    desk.write('back', '1\n');
    desk.write('ignored', '1\n');
    const good = desk.commitAll('good');
    desk.write('fleet.yaml', 'version: 2\n');
    desk.write('new', '1\n');
    desk.remove('back');
    desk.remove('ignored');
    desk.write('.gitignore', 'ignored\n');
    desk.write('other', '1\n');
    const head = desk.commitAll('bad');
    const repo = await openRepo(desk.dir);
    return { repo, head, commit: await repo.revertTo(good, 'back') };
  }

  test.each([
    ['a change', (desk = box.desk) => desk.write('fleet.yaml', 'mine\n'), 'fleet.yaml'],
    ['a change to what goes', (desk = box.desk) => desk.write('new', 'mine\n'), 'new'],
    ['a new file', (desk = box.desk) => desk.write('back', 'mine\n'), 'back'],
    ['a file that is ignored', (desk = box.desk) => desk.write('ignored', 'mine\n'), 'ignored'],
    [
      'a change that is only staged',
      (desk = box.desk) => {
        desk.write('fleet.yaml', 'mine\n');
        desk.git('add', 'fleet.yaml');
        desk.write('fleet.yaml', 'version: 2\n');
      },
      'fleet.yaml',
    ],
  ])('%s: it is named, nothing changes', async (_, change, name) => {
    const { repo, head, commit } = await coming();
    // Asked for, it would put the change away and bring it back with conflicts.
    box.desk.git('config', 'merge.autoStash', 'true');
    change();
    const before = [box.desk.status(), box.desk.git('stash', 'list')];
    const error = await failure(repo.fastForward(commit));
    expect(error.code).toBe('git.local-changes');
    expect(error.detail).toBe(name);
    expect(error.hint).toContain(`git merge --ff-only ${commit.slice(0, 12)}`);
    expect([box.desk.status(), box.desk.git('stash', 'list')]).toEqual(before);
    expect(box.desk.git('rev-parse', 'HEAD')).toBe(head);
  });

  test('a merge that is not finished, and a commit that is nowhere', async () => {
    const { repo, commit } = await coming();
    expect((await failure(repo.fastForward('1'.repeat(40)))).code).toBe('git.failed');
    box.desk.write('.git/MERGE_HEAD', `${commit}\n`);
    expect((await failure(repo.fastForward(commit))).code).toBe('git.in-progress');
  });
});
