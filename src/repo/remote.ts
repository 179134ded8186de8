import type { FleetError } from '../model/errors.ts';
import { gitError } from './error.ts';
import { fleetRefs, parseRemoteState, revertRefs } from './fleet-refs.ts';
import type { Git } from './git.ts';
import { currentHead } from './head.ts';
import type { RemoteState } from './repo.ts';

/** The url of a remote. @throws FleetError `git.no-remote`. */
export async function remoteUrl(git: Git, remote: string): Promise<string> {
  const { code, out } = await git.run(['remote', 'get-url', '--', remote]);
  if (code === 0) return out.toString().trim();
  const others = (await git.text(['remote'])).split('\n').filter((name) => name !== '');
  throw gitError('git.no-remote', `this repository has no remote named ${remote}`, {
    hint:
      others.length > 0
        ? `It has ${others.join(', ')}: set git.remote in fleet.yaml.`
        : `Hypervisors pull from it: git remote add ${remote} URL`,
  });
}

/** The state of the remote, read in one round trip. */
export async function remoteState(git: Git, remote: string, branch: string): Promise<RemoteState> {
  const patterns = [`refs/heads/${branch}`, fleetRefs, revertRefs];
  const { code, out, err } = await git.run(['ls-remote', '--', remote, ...patterns]);
  if (code !== 0) throw networkError(remote, err);
  return parseRemoteState(out.toString(), branch);
}

/** @throws FleetError `git.moved-on` if the remote's branch has commits that HEAD does not have */
export async function refuseMovedOn(
  git: Git,
  remote: string,
  branch: string,
  theirs: string | undefined,
): Promise<void> {
  const log = await commitsNotHere(git, remote, branch, theirs, 'HEAD');
  if (log === undefined) return;
  throw gitError('git.moved-on', `${remote}/${branch} has commits that are not here`, {
    hint: `Nothing was pushed. Pull them and run fleet again: git pull --rebase --autostash ${remote} ${branch}`,
    detail: log,
  });
}

/**
 * Commits of `theirs` that `ours` does not have, one per line; undefined: none. Fetches the branch only if there are some.
 */
export async function commitsNotHere(
  git: Git,
  remote: string,
  branch: string,
  theirs: string | undefined,
  ours: string,
): Promise<string | undefined> {
  if (theirs === undefined) return undefined;
  const { code } = await git.run(['merge-base', '--is-ancestor', theirs, ours]);
  if (code === 0) return undefined;
  // Fetches only commits and changes no ref of this clone, because commands that change nothing call this, too.
  const options = ['--quiet', '--no-tags', '--no-write-fetch-head', '--refmap='];
  const fetched = await git.run(['fetch', ...options, '--', remote, `refs/heads/${branch}`]);
  if (fetched.code !== 0) throw networkError(remote, fetched.err);
  const range = (await currentHead(git)) === undefined ? theirs : `${ours}..${theirs}`;
  const log = await git.run(['log', '--max-count=10', '--format=%h %an, %ar: %s', range]);
  return log.out.toString();
}

/**
 * The one place that reads git's messages: if a connection fails, git's exit status is the same for every cause. The
 * message only decides between three hints; it is itself shown as the detail.
 */
export function networkError(remote: string, detail: string): FleetError {
  if (/does not support --atomic/i.test(detail))
    return gitError('git.no-atomic', `${remote} does not support atomic pushes`, {
      hint: 'Nothing was pushed. git over ssh, file or smart http supports them, unless receive.advertiseAtomic is off there.',
      detail,
    });
  if (
    /denied|authenticat|could not read (username|password)|40[13]|not (authorized|allowed)/i.test(
      detail,
    )
  )
    return gitError('git.no-permission', `${remote} refuses access`, {
      hint: 'fleet never asks for a password: is your key in the agent, is the token valid, do you have permission to push? Try: git fetch',
      detail,
    });
  return gitError('git.remote-unreachable', `${remote} cannot be reached`, {
    hint: `Is the network up, is the url right (git remote get-url ${remote})? Try: git fetch ${remote}`,
    detail,
  });
}

/** Whether the branch was at the remote when it was last fetched or pushed in this clone. */
export async function hasSeen(git: Git, remote: string, branch: string): Promise<boolean> {
  const ref = `refs/remotes/${remote}/${branch}`;
  return (await git.run(['rev-parse', '--verify', '--quiet', ref])).code === 0;
}
