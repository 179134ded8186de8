import type { FleetError } from '../model/errors.ts';
import { gitError } from './error.ts';
import type { Git } from './git.ts';
import { currentHead } from './head.ts';

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

/** Commit of a branch at the remote, now; undefined: there is no such branch. */
export async function remoteHead(
  git: Git,
  remote: string,
  branch: string,
): Promise<string | undefined> {
  const { code, out, err } = await git.run(['ls-remote', '--', remote, `refs/heads/${branch}`]);
  if (code !== 0) throw networkError(remote, err);
  return out.toString().split('\t')[0] || undefined;
}

/**
 * Compares the remote's branch with ours; fetches it only when it holds commits we do not have.
 * @throws FleetError `git.moved-on`, and what `remoteHead` throws.
 */
export async function refuseMovedOn(git: Git, remote: string, branch: string): Promise<void> {
  const theirs = await remoteHead(git, remote, branch);
  if (theirs === undefined) return;
  const { code } = await git.run(['merge-base', '--is-ancestor', theirs, 'HEAD']);
  if (code === 0) return;
  const fetched = await git.run([
    'fetch',
    '--quiet',
    '--no-tags',
    '--',
    remote,
    `refs/heads/${branch}`,
  ]);
  if (fetched.code !== 0) throw networkError(remote, fetched.err);
  const range = (await currentHead(git)) === undefined ? theirs : `HEAD..${theirs}`;
  const log = await git.run(['log', '--max-count=10', '--format=%h %an, %ar: %s', range]);
  throw gitError('git.moved-on', `${remote}/${branch} has commits that are not here`, {
    hint: `Nothing was pushed. Take them in and run fleet again: git pull --rebase --autostash ${remote} ${branch}`,
    detail: log.out.toString(),
  });
}

/**
 * The one place that looks at words: for a connection that fails, git has the same exit status
 * whatever the cause. They choose between two hints; the words themselves are the detail.
 */
export function networkError(remote: string, detail: string): FleetError {
  if (
    /denied|authentication|could not read (username|password)|40[13]|not authorized/i.test(detail)
  )
    return gitError('git.no-permission', `${remote} does not let us in`, {
      hint: 'fleet never asks for a password: is your key in the agent, does the token hold, do you have the right to push? Try: git fetch',
      detail,
    });
  return gitError('git.remote-unreachable', `${remote} cannot be reached`, {
    hint: `Is the network up, is the url right (git remote get-url ${remote})? Try: git fetch ${remote}`,
    detail,
  });
}
