import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Clone, failure, openRepo, useSandbox } from './sandbox.ts';

const box = useSandbox();

function addCommit(text: string): string {
  box.desk.write('a.nix', text);
  box.desk.git('add', '.');
  box.desk.git('commit', '-qm', 'a');
  return box.desk.git('rev-parse', 'HEAD');
}

/** A hypervisor's checkout that takes bundles in. */
function checkout(format = 'sha1'): Clone & { take(bundle: Buffer): string } {
  const dir = join(box.dir, 'checkout');
  execFileSync('git', ['init', '-q', `--object-format=${format}`, dir]);
  return Object.assign(new Clone(dir), {
    take: (bundle: Buffer) => {
      writeFileSync(join(box.dir, 'bundle'), bundle);
      const args = ['fetch', '-q', join(box.dir, 'bundle'), '+refs/heads/fleet:refs/heads/fleet'];
      execFileSync('git', args, { cwd: dir, stdio: 'pipe' });
      return execFileSync('git', ['rev-parse', 'fleet'], { cwd: dir, encoding: 'utf8' }).trim();
    },
  });
}

test('a complete bundle, then only what is new', async () => {
  const repo = await openRepo(box.desk.dir);
  const one = addCommit(randomBytes(5000).toString('hex'));
  const hv = checkout();
  const complete = await repo.bundle(one, undefined);
  expect(hv.take(complete)).toBe(one);
  const two = addCommit('2');
  const update = await repo.bundle(two, one);
  expect(update.length).toBeLessThan(complete.length);
  expect(hv.take(update)).toBe(two);
  expect(hv.take(await repo.bundle(two, two))).toBe(two);
  // Back to an older commit: what the other side has is not an ancestor of it.
  expect(hv.take(await repo.bundle(one, two))).toBe(one);
});

test('a commit the other side has and we do not: complete', async () => {
  const repo = await openRepo(box.desk.dir);
  const one = addCommit('1');
  expect(checkout().take(await repo.bundle(one, 'f'.repeat(40)))).toBe(one);
});

test('our repository gets no ref, and no junk is left', async () => {
  const repo = await openRepo(box.desk.dir);
  const refs = box.desk.git('for-each-ref');
  const count = () =>
    readdirSync(tmpdir()).filter((name) => name.startsWith('fleet-bundle-')).length;
  const before = count();
  await repo.bundle(box.desk.git('rev-parse', 'HEAD'), undefined);
  const error = await failure(repo.bundle('1'.repeat(40), undefined));
  expect(error.code).toBe('git.failed');
  expect(box.desk.git('for-each-ref')).toBe(refs);
  expect(count()).toBe(before);
});

test('from a linked work tree, and in sha256', async () => {
  const linked = new Clone(join(box.dir, 'linked'));
  box.desk.git('worktree', 'add', '-q', linked.dir);
  const head = linked.git('rev-parse', 'HEAD');
  expect(checkout().take(await (await openRepo(linked.dir)).bundle(head, undefined))).toBe(head);

  const other = new Clone(join(box.dir, 'sha256'));
  execFileSync('git', ['init', '-q', '--object-format=sha256', other.dir]);
  other.write('a', '1');
  other.git('add', '.');
  other.git('commit', '-qm', 'a');
  const id = other.git('rev-parse', 'HEAD');
  execFileSync('rm', ['-r', join(box.dir, 'checkout')]);
  expect(checkout('sha256').take(await (await openRepo(other.dir)).bundle(id, undefined))).toBe(id);
});
