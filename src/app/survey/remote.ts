import { FleetError } from '../../model/errors.ts';
import type { GitSettings } from '../../model/fleet.ts';
import type { FleetIndex } from '../../model/index.ts';
import type { RemoteState, Repo, Upstream } from '../../repo/repo.ts';

/**
 * Whether the remote is asked: `required` to commit and push there, `wanted` to tell of it while it
 * answers soon, `awaited` to tell of it for certain.
 */
export type Asking = 'required' | 'wanted' | 'awaited';

/** How long a plan waits for a remote that it only wants to tell of, in ms. */
const patience = 5000;

/** What the remote of a fleet repository says. */
export interface Remote {
  readonly upstream?: Upstream;
  readonly remote?: RemoteState;
  /** Why apply could neither commit nor push. */
  readonly obstacle?: string;
  /** What is not known. */
  readonly warning?: string;
}

/** @throws FleetError `git.*` when it is required and cannot be committed and pushed to */
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
    const warning = `${git.remote} has not answered within ${patience / 1000} s: what it has is not in this plan, and apply needs it`;
    timer = setTimeout(() => resolve({ warning }), patience).unref();
  });
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

/** What apply would find. */
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

/** What a person who plans should know of the remote. */
export async function remoteWarnings(
  repo: Repo,
  name: string,
  { upstream, warning }: Remote,
): Promise<string[]> {
  const found = warning === undefined ? [] : [warning];
  if (!upstream || upstream.state.head !== undefined || upstream.state.deployed.size === 0)
    return found;
  const { branch } = upstream;
  return (await repo.hasSeen(name, branch))
    ? [...found, `the branch is gone from ${name}: apply pushes it again`]
    : [
        ...found,
        `${name} has no branch ${branch} yet: apply pushes it, and the fleet follows it from then on`,
      ];
}
