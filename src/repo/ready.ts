import type { GitSettings } from '../model/fleet.ts';
import { redact } from '../model/redact.ts';
import { gitError } from './error.ts';
import type { Git } from './git.ts';
import { refuseNameless, refuseShallow, refuseUnfinished } from './obstacles.ts';
import { refuseMovedOn, remoteState, remoteUrl } from './remote.ts';
import type { Outset, Upstream } from './repo.ts';

/** Checks in advance everything that could keep a commit from being made and pushed. */
export async function ready(git: Git, settings: GitSettings): Promise<Upstream> {
  const { branch, url, obstacles } = await outset(git, settings);
  const [first] = obstacles;
  if (first !== undefined || branch === undefined || url === undefined) throw first;
  const state = await remoteState(git, settings.remote, branch);
  await refuseMovedOn(git, settings.remote, branch, state.head);
  return { branch, url, state };
}

/** What this clone says of where it pushes to, and all that stands in the way here; asks nobody. */
export async function outset(git: Git, settings: GitSettings): Promise<Outset> {
  const [unfinished, branch, url, ...rest] = await Promise.allSettled([
    refuseUnfinished(git),
    currentBranch(git, settings),
    remoteUrl(git, settings.remote),
    refuseShallow(git),
    refuseNameless(git),
  ]);
  return {
    ...(branch.status === 'fulfilled' && { branch: branch.value }),
    // Without credentials: this is printed and sent to hypervisors, which have their own.
    ...(url.status === 'fulfilled' && { url: redact(settings.url ?? url.value) }),
    obstacles: [unfinished, branch, url, ...rest].flatMap((found) =>
      found.status === 'rejected' ? [found.reason as Error] : [],
    ),
  };
}

/** The branch that is checked out. @throws FleetError `git.detached-head`, `git.wrong-branch`. */
export async function currentBranch(git: Git, settings: GitSettings): Promise<string> {
  const { code, out } = await git.run(['symbolic-ref', '--quiet', 'HEAD']);
  if (code !== 0)
    throw gitError('git.detached-head', 'no branch is checked out (detached HEAD)', {
      hint: `Check out the branch that hypervisors follow: git switch ${settings.branch ?? 'BRANCH'}`,
    });
  const branch = out
    .toString()
    .trim()
    .replace(/^refs\/heads\//, '');
  if (settings.branch === undefined || settings.branch === branch) return branch;
  throw gitError(
    'git.wrong-branch',
    `${branch} is checked out; fleet.yaml says git.branch: ${settings.branch}`,
    {
      hint: `git switch ${settings.branch}, or change git.branch in fleet.yaml.`,
    },
  );
}
