import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changes } from './changes.ts';
import { type Git, list } from './git.ts';
import { currentHead } from './head.ts';
import { type ObjectFormat, objectId } from './object-id.ts';

/** The tree that `commit` of these paths would have, made in an index of its own. */
export async function treeWith(
  git: Git,
  format: ObjectFormat,
  paths: readonly string[],
): Promise<string> {
  const head = await currentHead(git);
  const { all } = await changes(git, format, paths);
  if (all.length === 0)
    return head === undefined
      ? objectId(format, 'tree', '')
      : git.text(['rev-parse', 'HEAD^{tree}']);
  const dir = await mkdtemp(join(tmpdir(), 'fleet-index-'));
  try {
    const env = { GIT_INDEX_FILE: join(dir, 'index') };
    await git.read(['read-tree', head ?? '--empty'], { env });
    const options = ['--add', '--remove', '-z', '--stdin'];
    await git.read(['update-index', ...options], { env, stdin: list(all) });
    return (await git.read(['write-tree'], { env })).toString().trim();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
