import type { FleetError } from '../model/errors.ts';
import { treeOf } from './ancestry.ts';
import { entriesOf, inIndex, stage } from './contents.ts';
import { gitError } from './error.ts';
import type { Git } from './git.ts';
import { currentHead } from './head.ts';
import type { ObjectFormat } from './object-id.ts';
import { refuseNameless, refuseUnfinished } from './obstacles.ts';
import type { Contents } from './repo.ts';
import { type Child, failedHook, runTraced } from './trace.ts';

/**
 * Commits exactly these contents on top of `on`, whatever is in the work tree by now. Returns the new HEAD, or `on` if it
 * has these contents already. The user's hooks may refuse the commit; if they change it, that is an error.
 */
export async function commit(
  git: Git,
  format: ObjectFormat,
  contents: Contents,
  message: string,
  on: string | undefined,
): Promise<string> {
  const entries = await entriesOf(git, format, contents, on);
  return inIndex(git, on, entries, async (env, tree) => {
    if (on !== undefined && (await treeOf(git, on)) === tree) return on;
    // With an index of our own, git would take the commit for the end of the merge.
    const [head] = await Promise.all([currentHead(git), refuseUnfinished(git)]);
    if (head !== on) throw moved();
    const args = ['commit', '--quiet', '--cleanup=whitespace', '-m', message];
    const result = await runTraced(git, args, { env });
    if (result.code !== 0)
      throw await commitError(git, `${result.err}\n${result.out}`, result.children);
    const made = await lookAt(git, 'HEAD');
    const { id } = made;
    if (made.parents !== (on ?? '')) throw notOurs();
    try {
      if (made.tree !== tree) throw changedByHook();
      // Otherwise the repository's own index would show the new commit as reverted.
      await stage(git, entries);
    } catch (error) {
      const back = on === undefined ? ['-d', 'HEAD', id] : ['HEAD', on, id];
      await git.run(['update-ref', ...back]);
      throw error;
    }
    return id;
  });
}

interface Commit {
  readonly id: string;
  readonly tree: string;
  /** Ids, with spaces between them. */
  readonly parents: string;
}

async function lookAt(git: Git, commit: string): Promise<Commit> {
  const lines = (
    await git.text(['show', '-s', '--no-show-signature', '--format=%H%n%T%n%P', commit])
  ).split('\n');
  const [id = '', tree = '', parents = ''] = lines;
  return { id, tree, parents };
}

function changedByHook(): FleetError {
  return gitError('git.hook-changed', 'a commit hook changed what was to be committed', {
    hint: 'Nothing was committed: fleet deploys what was planned, byte for byte. Keep the hook away from fleet.yaml, flake.lock and what fleet renders, or run it before fleet.',
  });
}

/** The error if HEAD moved meanwhile. Nothing is reset, because the newest commit is somebody else's work. */
function notOurs(): FleetError {
  return gitError('git.head-moved', 'somebody else, or a hook, committed here at the same moment', {
    hint: 'Nothing was pushed. See both commits with git log, then plan again.',
  });
}

function moved(): FleetError {
  return gitError('git.head-moved', 'there is a new commit here since this was planned', {
    hint: 'Nothing was committed: plan again.',
  });
}

async function commitError(
  git: Git,
  detail: string,
  children: readonly Child[],
): Promise<FleetError> {
  await refuseUnfinished(git);
  await refuseNameless(git);
  const hook = failedHook(children);
  if (hook) return hookError(hook, 'Nothing was committed.', detail);
  const signer = children.find((child) => child.hook === undefined && child.code !== 0);
  if (signer !== undefined || (await signs(git))) return signingError(detail);
  return gitError('git.commit-failed', 'git could not commit', {
    hint: 'Nothing was committed. Try `git commit` by hand.',
    detail,
  });
}

/** Whether the user wants commits signed. */
export async function signs(git: Git): Promise<boolean> {
  const { out } = await git.run(['config', '--type=bool', 'commit.gpgSign']);
  return out.toString().trim() === 'true';
}

export function signingError(detail: string): FleetError {
  return gitError('git.signing-failed', 'the commit could not be signed; nothing was committed', {
    hint: 'Is the key there and unlocked? Try: echo test | gpg --clearsign, or `git commit` by hand.',
    detail,
  });
}

/** The error if a hook of the user's refused; the detail is what it printed. */
export function hookError(hook: string, outcome: string, detail: string): FleetError {
  return gitError('git.hook-failed', `the ${hook} hook refused it. ${outcome}`, {
    hint: `Fix what the hook reports; it is your own hook (git config core.hooksPath, .git/hooks/${hook}).`,
    detail,
  });
}
