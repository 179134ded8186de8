import { deployedRef } from './fleet-refs.ts';
import { fields, type Git } from './git.ts';
import type { About } from './repo.ts';

/** Whether `one` is in the history of `other`, or the same. Undefined: one of them is not in this clone. */
export async function isAncestor(
  git: Git,
  one: string,
  other: string,
): Promise<boolean | undefined> {
  if (one === other) return true;
  const { code } = await git.run(['merge-base', '--is-ancestor', one, other]);
  return code === 0 ? true : code === 1 ? false : undefined;
}

/** The tree of a commit; undefined if it is not in this clone. */
export async function treeOf(git: Git, commit: string): Promise<string | undefined> {
  const { code, out } = await git.run(['rev-parse', '--verify', '--quiet', `${commit}^{tree}`]);
  return code === 0 ? out.toString().trim() : undefined;
}

/** Tree and parents of a commit, which is fetched by its branch if it is not in this clone; undefined: it cannot be. */
export async function madeOf(
  git: Git,
  remote: string,
  branch: string,
  commit: string,
): Promise<{ readonly tree: string; readonly parents: readonly string[] } | undefined> {
  await fetchMissing(git, remote, `refs/heads/${branch}`, commit);
  const { code, out } = await git.run([
    ...['log', '-1', '--no-show-signature', '--format=%T%n%P', commit, '--'],
  ]);
  const [tree = '', parents = ''] = out.toString().split('\n');
  return code === 0 ? { tree, parents: parents.split(' ').filter(Boolean) } : undefined;
}

/** Fetches a commit by a ref that has it, without changing one here; where the remote does not give it, nothing. */
async function fetchMissing(git: Git, remote: string, ref: string, commit: string): Promise<void> {
  if ((await treeOf(git, commit)) !== undefined) return;
  const options = ['--quiet', '--no-tags', '--no-write-fetch-head'];
  await git.run(['fetch', ...options, '--', remote, ref]).catch(() => undefined);
}

/** Paths in which two commits differ. */
export async function pathsBetween(git: Git, one: string, other: string): Promise<string[]> {
  const options = ['--name-only', '--no-renames', '-r', '-z'];
  return fields(await git.read(['diff-tree', ...options, one, other, '--']));
}

/**
 * Author, age and branches of a commit that is deployed on a hypervisor. Fetches it if it is not in this clone, without
 * changing a ref.
 */
export async function about(
  git: Git,
  remote: string,
  hypervisor: string,
  commit: string,
): Promise<About | undefined> {
  await fetchMissing(git, remote, deployedRef(hypervisor), commit);
  const log = await git.run(['log', '-1', '--no-show-signature', '--format=%s%n%an, %ar', commit]);
  if (log.code !== 0) return undefined;
  const [subject = '', author = ''] = log.out.toString().split('\n');
  const refs = await git.run([
    ...['for-each-ref', `--contains=${commit}`, '--format=%(refname:short)'],
    ...['refs/heads', 'refs/remotes'],
  ]);
  return { subject, author, branches: refs.out.toString().split('\n').filter(Boolean) };
}
