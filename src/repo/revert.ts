import { signingError, signs } from './commit.ts';
import { gitError } from './error.ts';
import type { Git } from './git.ts';
import { refuseNameless } from './obstacles.ts';

/**
 * Makes a commit with the files of `good` on top of `on`. The user's commit hooks do not run: they check index and work
 * tree, which do not change, and `good` has passed them before.
 */
export async function revertTo(
  git: Git,
  good: string,
  message: string,
  on = 'HEAD',
): Promise<string> {
  await refuseStrange(git, good, on);
  await refuseNameless(git);
  const parent = await git.text(['rev-parse', '--verify', `${on}^{commit}`]);
  const sign = await signs(git);
  const args = ['commit-tree', ...(sign ? ['-S'] : []), '-p', parent, '-F', '-', `${good}^{tree}`];
  const { code, out, err } = await git.run(args, { stdin: message });
  if (code === 0) return out.toString().trim();
  if (sign) throw signingError(err);
  throw gitError('git.commit-failed', 'git could not make the revert commit', {
    hint: 'Nothing was committed. Does `git fsck` find the repository in order?',
    detail: err,
  });
}

/** @throws FleetError `git.cannot-revert`, `git.nothing-to-revert`. */
async function refuseStrange(git: Git, good: string, on: string): Promise<void> {
  const refuse = (why: string, hint: string) =>
    gitError('git.cannot-revert', `cannot make a revert commit: ${good.slice(0, 8)} ${why}`, {
      hint,
    });
  const { code } = await git.run(['merge-base', '--is-ancestor', good, on]);
  if (code === 1)
    throw refuse(
      'is not in the history of this branch',
      'Was it rewritten, or is this another branch? Correct fleet.yaml by hand and run fleet apply.',
    );
  if (code !== 0)
    throw refuse(
      'is not in this clone',
      'git fetch may bring it; otherwise correct fleet.yaml by hand and run fleet apply.',
    );
  const [before, now] = (await git.text(['rev-parse', `${good}^{tree}`, `${on}^{tree}`])).split(
    '\n',
  );
  if (before === now)
    throw gitError(
      'git.nothing-to-revert',
      `${good.slice(0, 8)} holds the same files as what failed`,
      {
        hint: 'The files are not the cause: see what failed on the hypervisor and run fleet apply again.',
      },
    );
}

/** Commits that `head` has and `good` does not have, the newest 20, one per line. */
export async function commitsBetween(git: Git, good: string, head: string): Promise<string[]> {
  const log = await git.text([
    ...['log', '--max-count=20', '--no-show-signature', '--encoding=UTF-8', '--format=%h %s'],
    ...[`^${good}`, head, '--'],
  ]);
  return log.split('\n').filter((line) => line !== '');
}
