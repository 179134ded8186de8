import { entriesOf, inIndex } from './contents.ts';
import type { Git } from './git.ts';
import { currentHead } from './head.ts';
import { type ObjectFormat, objectId } from './object-id.ts';
import type { Contents } from './repo.ts';

/** The tree that a `commit` of these contents would have, made in an index of its own. */
export async function treeWith(
  git: Git,
  format: ObjectFormat,
  contents: Contents,
): Promise<string> {
  const head = await currentHead(git);
  const entries = await entriesOf(git, format, contents, head);
  if (entries.length === 0)
    return head === undefined
      ? objectId(format, 'tree', '')
      : git.text(['rev-parse', 'HEAD^{tree}']);
  return inIndex(git, head, entries, async (_, tree) => tree);
}
