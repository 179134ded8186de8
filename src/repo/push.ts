import type { GitSettings } from '../model/fleet.ts';
import { hookError } from './commit.ts';
import { gitError } from './error.ts';
import type { Git } from './git.ts';
import { currentHead } from './head.ts';
import { currentBranch } from './ready.ts';
import { networkError, refuseMovedOn, remoteState, remoteUrl } from './remote.ts';
import type { PushedCommit } from './repo.ts';
import { failedHook, runTraced } from './trace.ts';

/** Pushes HEAD to its branch at the remote; never by force. */
export async function push(git: Git, settings: GitSettings): Promise<PushedCommit> {
  const { remote } = settings;
  const [branch, commit] = await Promise.all([
    currentBranch(git, settings),
    git.text(['rev-parse', '--verify', 'HEAD^{commit}']),
    remoteUrl(git, remote),
  ]);
  const { refusal } = await pushRefs(git, remote, [`${commit}:refs/heads/${branch}`]);
  if (refusal === undefined) return { commit, branch };
  const { hook, detail } = refusal;
  if (hook) throw hookError(hook, 'Nothing was pushed; the commit is in your clone.', detail);
  await refuseMovedOn(git, remote, branch, (await remoteState(git, remote, branch)).head);
  throw gitError('git.no-permission', `${remote} refuses the push to ${branch}`, {
    hint: 'Nothing was pushed; the commit is in your clone. Is the branch protected, do you have permission to push, does a hook there refuse it?',
    detail,
  });
}

export interface PushResult {
  /** Refs that are new, changed or deleted at the remote. */
  readonly refs: readonly string[];
  /** Absent: it was pushed. */
  readonly refusal?: {
    /** The user's own hook that refused; undefined: the remote refused. */
    readonly hook: string | undefined;
    readonly detail: string;
  };
}

/** Pushes refspecs; by force only those that begin with `+`. @throws as `networkError` */
export async function pushRefs(
  git: Git,
  remote: string,
  refspecs: readonly string[],
  options: readonly string[] = [],
): Promise<PushResult> {
  const args = ['push', '--porcelain', '--no-force', '--no-follow-tags', ...options];
  const { code, out, err, children } = await runTraced(git, [...args, '--', remote, ...refspecs]);
  // A row for each ref: what was done (a letter), source:target, a summary.
  const rows = [...out.toString().matchAll(/^(.)\t[^\t\n]*:([^\t\n]*)\t/gm)];
  if (code === 0) return { refs: rows.flatMap(([, did, ref = '']) => (did === '=' ? [] : [ref])) };
  const hook = failedHook(children);
  if (hook === undefined && !rows.some(([, did]) => did === '!')) throw networkError(remote, err);
  return { refs: [], refusal: { hook, detail: `${err}\n${out}` } };
}

/**
 * Whether the remote takes a push of ours at all: it is asked as for a push, and nothing is sent. A commit that it has
 * and we have not, or a rule of its own, shows only when something is.
 */
export async function mayPush(git: Git, remote: string, branch: string): Promise<void> {
  if ((await currentHead(git)) === undefined) return;
  const args = [
    'push',
    '--dry-run',
    '--no-verify',
    '--porcelain',
    '--no-force',
    '--no-follow-tags',
  ];
  const { code, out, err } = await git.run([...args, '--', remote, `HEAD:refs/heads/${branch}`]);
  if (code !== 0 && !/^!\t/m.test(out.toString())) throw networkError(remote, err);
}
