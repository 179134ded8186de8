import { changes } from './changes.ts';
import { gitError } from './error.ts';
import { fields, type Git } from './git.ts';
import { dirtyFiles } from './head.ts';
import type { ObjectFormat } from './object-id.ts';
import { refuseUnfinished } from './obstacles.ts';

/** Fast-forwards the checked-out branch and the work tree to `commit`, without overwriting local changes. */
export async function fastForward(git: Git, format: ObjectFormat, commit: string): Promise<void> {
  // Otherwise git would overwrite ignored files, or stash local changes, which could come back with conflicts.
  const options = ['--ff-only', '--no-overwrite-ignore', '--no-autostash', '--quiet'];
  const { code, err } = await git.run(['merge', ...options, commit]);
  if (code === 0) return;
  const byHand = `git merge --ff-only ${commit.slice(0, 12)}`;
  await refuseUnfinished(git);
  await refuseDiverged(git, commit, byHand);
  const paths = await localChanges(git, format, commit);
  if (paths.length === 0)
    throw gitError('git.failed', `${commit.slice(0, 8)} could not be checked out`, {
      hint: `Nothing changed here. Try: ${byHand}`,
      detail: err,
    });
  const files = `${paths.length} file${paths.length > 1 ? 's' : ''}`;
  throw gitError('git.local-changes', `${files} changed here would be overwritten`, {
    hint: `Nothing was. Commit, stash or move them, then: ${byHand}`,
    detail: paths.slice(0, 10).join('\n'),
  });
}

/** @throws FleetError `git.diverged`. */
async function refuseDiverged(git: Git, commit: string, byHand: string): Promise<void> {
  const { code } = await git.run(['merge-base', '--is-ancestor', 'HEAD', commit]);
  if (code !== 1) return;
  throw gitError(
    'git.diverged',
    `this branch has commits that ${commit.slice(0, 8)} does not have`,
    {
      hint: `Nothing changed here. Put them on top of it: git rebase --autostash ${commit.slice(0, 12)}; without them: ${byHand}`,
    },
  );
}

/** Files that differ from HEAD in the work tree and that `commit` changes, including new and ignored ones. */
async function localChanges(git: Git, format: ObjectFormat, commit: string): Promise<string[]> {
  const options = ['--name-only', '--no-renames', '-r', '-z'];
  const theirs = fields(await git.read(['diff-tree', ...options, 'HEAD', commit, '--']));
  const { all } = await changes(git, format, theirs);
  const ours = new Set([...all, ...(await dirtyFiles(git))]);
  return theirs.filter((path) => ours.has(path));
}
