import type { GitSettings } from '../../model/fleet.ts';
import { revertBranches } from '../../repo/fleet-refs.ts';
import type { RemoteState, Repo } from '../../repo/repo.ts';

type At = Pick<GitSettings, 'remote'>;

/** Where the revert of a commit is proposed. */
export interface Proposed {
  readonly branch: string;
  /** The revert that the branch has already; absent: there is no such branch yet. */
  readonly known?: string;
}

/**
 * The branch at the remote that has, or may have, the revert of `commit`. Its name proves nothing: whoever may push can
 * push a branch of that name. So what is there counts only if it stands on `commit` and has one of these trees.
 * @param trees of the commit that runs again. @returns undefined: others have all the names
 */
export async function proposedRevert(
  repo: Repo,
  settings: At,
  reverts: RemoteState['reverts'],
  commit: string,
  trees: ReadonlySet<string>,
): Promise<Proposed | undefined> {
  for (const branch of revertBranches(commit)) {
    const known = reverts.get(branch);
    if (known === undefined) return { branch };
    const made = await repo.madeOf(settings, branch, known);
    if (made && made.parents.join() === commit && trees.has(made.tree)) return { branch, known };
  }
  return undefined;
}
