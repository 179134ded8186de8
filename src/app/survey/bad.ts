import type { Contents, RemoteState, Repo } from '../../repo/repo.ts';

/** A tree that is quarantined, and the commit that it was. */
export interface Bad {
  readonly tree: string;
  readonly commit: string;
}

/** What was rolled back before and is not deployed again by itself. */
export async function quarantined(
  repo: Repo,
  { contents }: { readonly contents: Contents },
  remote: RemoteState | undefined,
): Promise<Bad | undefined> {
  if (!remote || remote.bad.size === 0) return undefined;
  const tree = await repo.treeWith(contents);
  const commit = remote.bad.get(tree);
  return commit === undefined ? undefined : { tree, commit };
}

/** For a plan, which only warns of it. */
export const badText = ({ commit }: Bad): string =>
  `this commit is quarantined: it was deployed as ${commit.slice(0, 8)} and rolled back (fleet history says why; fleet apply --force deploys it again)`;
