import { chmodSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Tree, text, unit } from './sample-tree.ts';

let tree: Tree;
const profiles = 'var/lib/fleet/profiles';
beforeEach(() => {
  tree = new Tree(2, {});
  tree.policy({ vms: {}, gc: { keep: 0, olderThan: 0 } });
  mkdirSync(join(tree.root, profiles), { recursive: true });
  for (const n of [1, 2, 3]) {
    tree.write(`nix/store/web-${n}/of`, '');
    symlinkSync(
      join(tree.root, `nix/store/web-${n}`),
      join(tree.root, `${profiles}/web-${n}-link`),
    );
  }
  symlinkSync('web-3-link', join(tree.root, `${profiles}/web`));
  tree.write('gc.sh', `${unit()}\n${text('host/scripts/gc.sh')}`);
});
afterEach(() => tree.remove());

const collect = (says: string) => {
  tree.tool('nix-collect-garbage', says);
  chmodSync(join(tree.root, 'bin/nix-collect-garbage'), 0o755);
  const run = tree.run(unit('collect'), 'sh', { collection: join(tree.root, 'gc.sh') });
  expect(run.status, run.stderr).toBe(0);
  return tree
    .run('cat "$FLEET_ROOT"/var/lib/fleet/events/*.jsonl')
    .stdout.trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ kind }) => kind.startsWith('gc.'));
};

test.each([
  ['3.5 MiB freed', 3584],
  ['1.5 GiB freed', 1_572_864],
  ['0.00 MiB freed', 0],
  // What others have written meanwhile is not what was freed.
  ['freed', 0],
])('what the policy lets go is collected, and told once: %s', (says, freed) => {
  // Less at each look; then it does not say.
  tree.tool(
    'df',
    `n=$(cat ${tree.root}/df 2>/dev/null || echo 9); echo $((n - 1)) >${tree.root}/df; [ "$n" -gt 7 ] || n=-; echo F; echo "/dev/vda 10 1 $n 1% /"`,
  );
  chmodSync(join(tree.root, 'bin/df'), 0o755);
  expect(collect(`echo "7 store paths deleted, ${says}"`)).toEqual([
    expect.objectContaining({ kind: 'gc.ran', generations: 2, paths: 7, freed }),
  ]);
  expect(existsSync(join(tree.root, `${profiles}/web-3-link`))).toBe(true);
});

test('a collection that fails is told once, with why', () => {
  expect(collect('echo "error: disk full" >&2; exit 1')).toEqual([
    expect.objectContaining({
      kind: 'gc.failed',
      why: expect.stringContaining('nix-collect-garbage failed'),
    }),
  ]);
});

test('one that cannot begin is told once, and one that only has to wait is not', () => {
  tree.write('var/lib/fleet/version', '99\n');
  expect(collect(':')).toEqual([
    expect.objectContaining({ kind: 'gc.failed', why: expect.stringContaining('update fleet') }),
  ]);
  tree.write('var/lib/fleet/version', '1\n');
  tree.write('var/lib/fleet/deployments/20261129-010203-ab12/begun', '');
  expect(collect(':')).toHaveLength(1);
});
