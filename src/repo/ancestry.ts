import { fields, type Git } from './git.ts';

/** Is `one` in the history of `other`, or the same? Undefined: not both are in this clone. */
export async function isAncestor(
  git: Git,
  one: string,
  other: string,
): Promise<boolean | undefined> {
  const { code } = await git.run(['merge-base', '--is-ancestor', one, other]);
  return code === 0 ? true : code === 1 ? false : undefined;
}

/** The tree of a commit; undefined when it is not in this clone. */
export async function treeOf(git: Git, commit: string): Promise<string | undefined> {
  const { code, out } = await git.run(['rev-parse', '--verify', '--quiet', `${commit}^{tree}`]);
  return code === 0 ? out.toString().trim() : undefined;
}

/** Paths in which two commits differ. */
export async function pathsBetween(git: Git, one: string, other: string): Promise<string[]> {
  const options = ['--name-only', '--no-renames', '-r', '-z'];
  return fields(await git.read(['diff-tree', ...options, one, other, '--']));
}
