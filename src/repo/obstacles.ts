import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gitError } from './error.ts';
import { fields, type Git } from './git.ts';

/** File or folder in .git → what is in progress, and the commands that end it. */
const unfinished = [
  ['MERGE_HEAD', 'a merge', 'git merge --continue or git merge --abort'],
  ['rebase-merge', 'a rebase', 'git rebase --continue or git rebase --abort'],
  ['rebase-apply', 'a rebase', 'git rebase --continue or git rebase --abort'],
  ['CHERRY_PICK_HEAD', 'a cherry-pick', 'git cherry-pick --continue or git cherry-pick --abort'],
  ['REVERT_HEAD', 'a revert', 'git revert --continue or git revert --abort'],
] as const;

/** @throws FleetError `git.in-progress`, `git.conflicts`. */
export async function refuseUnfinished(git: Git): Promise<void> {
  const [gitDir, unmerged] = await Promise.all([
    git.text(['rev-parse', '--absolute-git-dir']),
    git.read(['ls-files', '--unmerged', '-z']),
  ]);
  for (const [file, what, commands] of unfinished)
    if (existsSync(join(gitDir, file)))
      throw gitError('git.in-progress', `${what} is in progress in this repository`, {
        hint: `Finish it first: ${commands}`,
      });
  const paths = new Set(fields(unmerged).map((entry) => entry.replace(/^[^\t]*\t/, '')));
  if (paths.size === 0) return;
  throw gitError('git.conflicts', `${paths.size} file${paths.size > 1 ? 's' : ''} with conflicts`, {
    hint: 'Resolve them and `git add` them.',
    detail: [...paths].slice(0, 10).join('\n'),
  });
}

/** @throws FleetError `git.no-identity` if git does not know who commits. */
export async function refuseNameless(git: Git): Promise<void> {
  const idents = ['GIT_AUTHOR_IDENT', 'GIT_COMMITTER_IDENT'].map((name) => git.run(['var', name]));
  const failed = (await Promise.all(idents)).find((result) => result.code !== 0);
  if (failed === undefined) return;
  throw gitError('git.no-identity', 'git does not know who commits', {
    hint: 'git config --global user.name "Your Name"; git config --global user.email you@example.org',
    detail: failed.err,
  });
}

/** @throws FleetError `git.shallow`. */
export async function refuseShallow(git: Git): Promise<void> {
  if ((await git.text(['rev-parse', '--is-shallow-repository'])) !== 'true') return;
  throw gitError('git.shallow', 'this is a shallow clone: hypervisors need the whole history', {
    hint: 'git fetch --unshallow (in GitHub Actions: actions/checkout with fetch-depth: 0).',
  });
}
