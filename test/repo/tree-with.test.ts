import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Clone, openRepo, useSandbox } from './sandbox.ts';

describe.each(['sha1', 'sha256'] as const)('%s', (format) => {
  const box = useSandbox(format);
  const headTree = () => box.desk.git('rev-parse', 'HEAD^{tree}');

  test('is the tree of the commit that follows: created, changed, removed, and nothing else', async () => {
    const { desk } = box;
    for (const name of ['change', 'remove', 'removed-by-git', 'dirty', 'staged'])
      desk.write(name, '1\n');
    desk.commitAll('before');
    desk.write('change', '2\n');
    desk.remove('remove');
    desk.git('rm', '-q', 'removed-by-git');
    desk.write('hosts/new.nix', '{ }\n');
    desk.write(':(top)odd\nname', '1\n');
    desk.write('dirty', '2\n');
    desk.write('staged', '2\n');
    desk.git('add', 'staged');
    desk.write('staged', '3\n');
    desk.write('.gitignore', 'hosts/\n');
    const [status, index, head] = [desk.status(), desk.git('ls-files', '-s'), headTree()];

    const repo = await openRepo(desk.dir);
    const odd = [':(top)odd\nname', 'never-was'];
    const paths = ['change', 'remove', 'removed-by-git', 'hosts/new.nix', ...odd];
    const contents = desk.contents(...paths);
    const tree = await repo.treeWith(contents);
    expect(tree).not.toBe(head);
    expect([desk.status(), desk.git('ls-files', '-s'), headTree()]).toEqual([status, index, head]);
    await repo.commit(contents, 'next', await repo.head());
    expect(headTree()).toBe(tree);
    expect(await repo.treeWith(contents)).toBe(tree);
  });

  test("nothing given, or nothing changed: HEAD's", async () => {
    const repo = await openRepo(box.desk.dir);
    box.desk.write('fleet.yaml', 'version: 2\n');
    expect(await repo.treeWith(new Map())).toBe(headTree());
    expect(await repo.treeWith(box.desk.contents('absent'))).toBe(headTree());
    expect(await repo.treeWith(box.desk.contents('fleet.yaml'))).not.toBe(headTree());
  });

  test('a repository without commits', async () => {
    const fresh = new Clone(join(box.dir, 'fresh'));
    execFileSync('git', ['init', '-q', fresh.dir]);
    const repo = await openRepo(fresh.dir);
    expect(await repo.treeWith(new Map())).toBe(
      fresh.git('hash-object', '-t', 'tree', '/dev/null'),
    );
    fresh.write('fleet.yaml', 'version: 1\n');
    expect(await repo.treeWith(fresh.contents('fleet.yaml'))).toBe(headTree());
  });
});

describe('beside the user', () => {
  const box = useSandbox();

  test('an index that somebody else has locked does not matter, and no junk is left', async () => {
    const count = () =>
      readdirSync(tmpdir()).filter((name) => name.startsWith('fleet-index-')).length;
    const before = count();
    box.desk.write('.git/index.lock', '');
    box.desk.write('a', '1\n');
    const tree = await (await openRepo(box.desk.dir)).treeWith(box.desk.contents('a'));
    expect(box.desk.git('ls-tree', '--name-only', tree).split('\n')).toEqual(['a', 'fleet.yaml']);
    expect(count()).toBe(before);
  });
});
