import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openRepo as open } from '../../src/repo/open.ts';
import { here } from '../surroundings.ts';
import { failure, openRepo, settings, useSandbox } from './sandbox.ts';

const box = useSandbox();

/** A folder with a git of which one command does not end. */
function slowGit(command: string): string {
  const bin = mkdtempSync(join(tmpdir(), 'fleet-slow-git-'));
  onTestFinished(() => rmSync(bin, { recursive: true }));
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  const slow = `#!/bin/sh\ncase " $* " in *' ${command} '*) exec sleep 20 ;; esac\nexec ${real} "$@"\n`;
  writeFileSync(join(bin, 'git'), slow, { mode: 0o755 });
  return bin;
}

/** A remote whose connection stands and says nothing. */
function hanging(): void {
  box.desk.git('remote', 'set-url', 'origin', 'ssh://git@192.0.2.1/fleet.git');
  vi.stubEnv('GIT_SSH_COMMAND', 'sleep 20; :');
}

test('a remote that hangs costs its time-out, and says what to do', async () => {
  hanging();
  const repo = await openRepo(box.desk.dir, { timeout: 1500 });
  const started = performance.now();
  for (const call of [() => repo.remoteState(settings), () => repo.push(settings)]) {
    const error = await failure(call());
    expect(error).toMatchObject({ code: 'git.timed-out', blames: 'world' });
    expect(error.hint).toContain('git.timeout');
  }
  expect(performance.now() - started).toBeLessThan(12_000);
});

test('an interrupt ends what waits for a remote or a hook, and nothing of the sort begins after it', async () => {
  hanging();
  const interrupt = new AbortController();
  const repo = await openRepo(box.desk.dir, { timeout: 60_000, signal: interrupt.signal });
  const asked = failure(repo.remoteState(settings));
  setTimeout(() => interrupt.abort(), 300);
  expect((await asked).code).toBe('interrupted');
  expect((await failure(repo.push(settings))).code).toBe('interrupted');
  const head = await repo.head();
  expect((await failure(repo.commit(new Map([['a', '1\n']]), 'x', head))).code).toBe('interrupted');
  // What looks at this clone alone does not wait for anybody.
  expect(await repo.head()).toBe(head);
  expect(box.desk.status()).toEqual([]);
});

test('a bundle of a large repository has the same limit, and hears the interrupt', async () => {
  vi.stubEnv('PATH', `${slowGit('bundle')}:${process.env.PATH}`);
  const interrupt = new AbortController();
  const limited = await openRepo(box.desk.dir, { timeout: 1500 });
  const asked = await openRepo(box.desk.dir, { timeout: 60_000, signal: interrupt.signal });
  const head = (await limited.head()) as string;
  const cut = failure(asked.bundle(head, undefined));
  expect((await failure(limited.bundle(head, undefined))).code).toBe('git.timed-out');
  interrupt.abort();
  expect((await cut).code).toBe('interrupted');
});

test('what only looks hears the end of its work in every command, also while the repository is opened', async () => {
  const over = new AbortController();
  const repo = await open(box.desk.dir, { ...here, over: over.signal });
  vi.stubEnv('PATH', `${slowGit('rev-parse')}:${process.env.PATH}`);
  const limited = failure(openRepo(box.desk.dir, { timeout: 1000 }));
  const opening = failure(open(box.desk.dir, { ...here, over: over.signal }));
  expect((await limited).code).toBe('git.timed-out');
  over.abort();
  expect((await opening).code).toBe('interrupted');
  expect((await failure(repo.head())).code).toBe('interrupted');
});

test('an interrupt while a commit hook runs: nothing is committed', async () => {
  box.desk.hook('pre-commit', 'sleep 20');
  const interrupt = new AbortController();
  const repo = await openRepo(box.desk.dir, { timeout: 60_000, signal: interrupt.signal });
  const head = await repo.head();
  const committing = failure(repo.commit(new Map([['a', '1\n']]), 'x', head));
  setTimeout(() => interrupt.abort(), 1500);
  expect((await committing).code).toBe('interrupted');
  expect(await repo.head()).toBe(head);
});
