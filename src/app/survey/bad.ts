import type { GitSettings } from '../../model/fleet.ts';
import type { RemoteState, Repo } from '../../repo/repo.ts';
import { proposedRevert } from '../git/proposed.ts';
import type { NextCommit } from '../workspace/next-commit.ts';

/** What failed before, and would be deployed again. */
export interface Bad {
  /** The commit that failed. */
  readonly commit: string;
  /** Its tree, where the next commit has the very same; absent: something was merged on top of it. */
  readonly tree?: string;
  /** A branch at the remote that reverts it and was not merged yet. */
  readonly revertBranch?: string;
}

type Next = Pick<NextCommit, 'contents' | 'head'>;

/** What of the next commit was deployed and rolled back before: all of it, or what a revert that waits would take back. */
export async function quarantined(
  repo: Repo,
  settings: GitSettings,
  next: Next,
  remote: RemoteState | undefined,
): Promise<Bad | undefined> {
  if (!remote || remote.bad.size === 0) return undefined;
  const { bad, deployed, reverts } = remote;
  const tree = await repo.treeWith(next.contents);
  const commit = bad.get(tree);
  if (reverts.size === 0) return commit === undefined ? undefined : { tree, commit };
  const trees = new Set((await repo.treesOf([...deployed.values()])).values());
  if (commit === undefined) return unreverted(repo, settings, next, reverts, trees);
  const proposed = await proposedRevert(repo, settings, reverts, commit, trees);
  return { tree, commit, ...(proposed?.known && { revertBranch: proposed.branch }) };
}

/**
 * A commit in the history of the next one that has a revert waiting, and of whose files none was touched since: it would
 * fail as it did.
 */
async function unreverted(
  repo: Repo,
  settings: GitSettings,
  { contents, head }: Next,
  reverts: RemoteState['reverts'],
  trees: ReadonlySet<string>,
): Promise<Bad | undefined> {
  for (const [revertBranch, revert] of reverts) {
    const made = await repo.madeOf(settings, revertBranch, revert);
    const [commit, ...others] = made?.parents ?? [];
    if (!made || commit === undefined || others.length > 0 || !trees.has(made.tree)) continue;
    if (head === undefined || !(await repo.isAncestor(commit, head))) continue;
    const [failed, good, now] = await Promise.all([commit, revert, head].map(filesOf(repo)));
    if (!failed || !good || !now) continue;
    const paths = [...new Set([...failed.keys(), ...good.keys()])].filter(
      (path) => failed.get(path) !== good.get(path),
    );
    const isThere = (path: string) => !contents.has(path) && now.get(path) === failed.get(path);
    if (paths.length > 0 && paths.every(isThere)) return { commit, revertBranch };
  }
  return undefined;
}

/** Path → mode and blob. */
const filesOf = (repo: Repo) => async (commit: string) =>
  new Map((await repo.filesAt(commit)).map(({ blob, mode, path }) => [path, `${mode} ${blob}`]));

/** What was deployed and failed, for a plan and a refusal. */
export function whatFailed({ commit, tree }: Bad): string {
  const short = commit.slice(0, 8);
  return tree === undefined
    ? `this commit still has what was deployed as ${short} and rolled back`
    : `this commit is quarantined: it was deployed as ${short} and rolled back`;
}

/** The warning in a plan. */
export function badText(bad: Bad): string {
  const { revertBranch } = bad;
  const way = revertBranch === undefined ? '' : `merge ${revertBranch}, which reverts it; `;
  return `${whatFailed(bad)} (fleet history says why; ${way}fleet apply --force deploys it again)`;
}
