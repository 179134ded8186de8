import { revertBranch } from '../../repo/fleet-refs.ts';
import type { Contents, RemoteState, Repo } from '../../repo/repo.ts';

/** A quarantined tree, and the commit that failed with it. */
export interface Bad {
  readonly tree: string;
  readonly commit: string;
  /** A branch at the remote that reverts it and was not merged yet. */
  readonly revertBranch?: string;
}

/** The quarantine of the next commit, if its content was deployed and rolled back before. */
export async function quarantined(
  repo: Repo,
  { contents }: { readonly contents: Contents },
  remote: RemoteState | undefined,
): Promise<Bad | undefined> {
  if (!remote || remote.bad.size === 0) return undefined;
  const tree = await repo.treeWith(contents);
  const commit = remote.bad.get(tree);
  if (commit === undefined) return undefined;
  const name = revertBranch(commit);
  return { tree, commit, ...(remote.reverts.has(name) && { revertBranch: name }) };
}

/** The warning in a plan. */
export const badText = ({ commit, revertBranch }: Bad): string =>
  `this commit is quarantined: it was deployed as ${commit.slice(0, 8)} and rolled back (fleet history says why; ${revertBranch === undefined ? '' : `merge ${revertBranch}, which reverts it; `}fleet apply --force deploys it again)`;
