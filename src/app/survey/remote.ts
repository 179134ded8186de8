import { FleetError } from '../../model/errors.ts';
import type { GitSettings } from '../../model/fleet.ts';
import type { FleetIndex } from '../../model/index.ts';
import type { RemoteState, Repo, Upstream } from '../../repo/repo.ts';

/**
 * Why the remote is asked: `required` to commit and push there; `wanted` to report on it if it answers
 * soon; `awaited` to report on it however long that takes.
 */
export type Asking = 'required' | 'wanted' | 'awaited';

/** How long a plan waits for a remote that is only `wanted`, in ms. */
const timeoutMs = 5000;

/** What the remote of a fleet repository answered. */
export interface Remote {
  readonly upstream?: Upstream;
  readonly remote?: RemoteState;
  /** Why apply could not commit and push. */
  readonly obstacle?: string;
  /** What could not be found out. */
  readonly warning?: string;
}

/** @throws FleetError `git.*` when the remote is required and apply could not commit and push */
export async function askRemote(
  repo: Repo,
  { fleet: { git } }: FleetIndex,
  how: Asking | undefined,
): Promise<Remote> {
  if (how === undefined) return {};
  if (how === 'required') {
    const upstream = await repo.ready(git);
    return { upstream, remote: upstream.state };
  }
  const asked = foreseen(repo, git);
  if (how === 'awaited') return asked;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Remote>((resolve) => {
    const warning = `${git.remote} did not answer within ${timeoutMs / 1000} s: this plan does not know what is there, and apply needs it`;
    timer = setTimeout(() => resolve({ warning }), timeoutMs).unref();
  });
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

/** What apply would find at the remote. */
async function foreseen(repo: Repo, git: GitSettings): Promise<Remote> {
  try {
    const upstream = await repo.ready(git);
    return { upstream, remote: upstream.state };
  } catch (error) {
    if (!(error instanceof FleetError) || error.code === 'interrupted') throw error;
    const obstacle = `${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}`;
    const isSilent = ['git.remote-unreachable', 'git.no-permission', 'git.timed-out'].includes(
      error.code,
    );
    const remote = isSilent ? undefined : await repo.remoteState(git).catch(() => undefined);
    return { obstacle, ...(remote && { remote }) };
  }
}

/** What a plan should say about the remote. */
export async function remoteWarnings(
  repo: Repo,
  name: string,
  { upstream, remote, warning }: Remote,
  head: string | undefined,
): Promise<string[]> {
  const found = warning === undefined ? [] : [warning];
  if (remote === undefined || remote.deployed.size === 0) return found;
  if (remote.head !== undefined) {
    if (!(await isAnother(repo, remote, head))) return found;
    return [
      ...found,
      upstream
        ? `${name} already has a branch ${upstream.branch} that lacks what is deployed: apply pushes to it, and the fleet follows it from then on`
        : `${name}'s branch of this name lacks what is deployed: is it somebody else's?`,
    ];
  }
  if (upstream === undefined) return found;
  const { branch } = upstream;
  return (await repo.hasSeen(name, branch))
    ? [...found, `the branch is gone from ${name}: apply pushes it again`]
    : [
        ...found,
        `${name} has no branch ${branch} yet: apply pushes it, and the fleet follows it from then on`,
      ];
}

/**
 * Whether the fleet was deployed from another branch: HEAD contains every deployed commit, and this branch at the remote
 * contains none. Commits that are not in this clone are not fetched for this; those that HEAD lacks are reported by
 * strangers.ts.
 */
async function isAnother(
  repo: Repo,
  remote: RemoteState,
  head: string | undefined,
): Promise<boolean> {
  const theirs = remote.head;
  if (head === undefined || theirs === undefined) return false;
  for (const commit of new Set(remote.deployed.values())) {
    if ((await repo.isAncestor(commit, head)) !== true) return false;
    if ((await repo.isAncestor(commit, theirs)) !== false) return false;
  }
  return true;
}
