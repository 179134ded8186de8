import type { GitSettings } from '../model/fleet.ts';
import { hookError } from './commit.ts';
import { gitError } from './error.ts';
import type { Git } from './git.ts';
import { currentBranch } from './ready.ts';
import { networkError, refuseMovedOn, remoteUrl } from './remote.ts';
import type { PushedCommit } from './repo.ts';
import { failedHook, runTraced } from './trace.ts';

/** Pushes HEAD to its branch at the remote; never by force. */
export async function push(git: Git, settings: GitSettings): Promise<PushedCommit> {
  const { remote } = settings;
  const branch = await currentBranch(git, settings);
  await remoteUrl(git, remote);
  const commit = await git.text(['rev-parse', '--verify', 'HEAD^{commit}']);
  const target = `${commit}:refs/heads/${branch}`;
  const options = ['--porcelain', '--no-force', '--no-follow-tags'];
  const { code, out, err, children } = await runTraced(git, [
    'push',
    ...options,
    '--',
    remote,
    target,
  ]);
  if (code === 0) return { commit, branch };
  const hook = failedHook(children);
  if (hook) throw hookError(hook, 'Nothing was pushed; the commit is there.', `${err}\n${out}`);
  if (!/^!\t/m.test(out.toString())) throw networkError(remote, err);
  await refuseMovedOn(git, remote, branch);
  throw gitError('git.no-permission', `${remote} refuses the push to ${branch}`, {
    hint: 'Nothing was pushed; the commit is there. Is the branch protected, may you push to it, does a hook there object?',
    detail: `${err}\n${out}`,
  });
}
