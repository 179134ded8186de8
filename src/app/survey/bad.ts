import type { GitSettings } from '../../model/fleet.ts';
import type { Contents, RemoteState, Repo } from '../../repo/repo.ts';
import { proposedRevert } from '../git/proposed.ts';

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
  settings: GitSettings,
  { contents }: { readonly contents: Contents },
  remote: RemoteState | undefined,
): Promise<Bad | undefined> {
  if (!remote || remote.bad.size === 0) return undefined;
  const tree = await repo.treeWith(contents);
  const commit = remote.bad.get(tree);
  if (commit === undefined) return undefined;
  if (remote.reverts.size === 0) return { tree, commit };
  const trees = new Set((await repo.treesOf([...remote.deployed.values()])).values());
  const proposed = await proposedRevert(repo, settings, remote.reverts, commit, trees);
  return { tree, commit, ...(proposed?.known && { revertBranch: proposed.branch }) };
}

/** The warning in a plan. */
export const badText = ({ commit, revertBranch }: Bad): string =>
  `this commit is quarantined: it was deployed as ${commit.slice(0, 8)} and rolled back (fleet history says why; ${revertBranch === undefined ? '' : `merge ${revertBranch}, which reverts it; `}fleet apply --force deploys it again)`;
