import type { FleetError } from '../model/errors.ts';
import { changes } from './changes.ts';
import { gitError } from './error.ts';
import { type Git, list, literal } from './git.ts';
import type { ObjectFormat } from './object-id.ts';
import { refuseNameless, refuseUnfinished } from './obstacles.ts';
import { type Child, failedHook, runTraced } from './trace.ts';

/** Commits these paths as they are in the work tree and nothing else; returns the new HEAD. */
export async function commit(
  git: Git,
  format: ObjectFormat,
  paths: readonly string[],
  message: string,
): Promise<string> {
  const { all, untracked } = await changes(git, format, paths);
  if (all.length === 0) return git.text(['rev-parse', 'HEAD']);
  if (untracked.length > 0)
    await git.read(['update-index', '--add', '-z', '--stdin'], { stdin: list(untracked) });
  const args = ['commit', '--quiet', '--only', '--cleanup=whitespace', '-m', message];
  const result = await runTraced(git, [...args, '--pathspec-from-file=-', '--pathspec-file-nul'], {
    stdin: list(all.map(literal)),
  });
  if (result.code === 0) return git.text(['rev-parse', 'HEAD']);
  if (untracked.length > 0)
    await git.run(['update-index', '--force-remove', '-z', '--stdin'], { stdin: list(untracked) });
  throw await commitError(git, `${result.err}\n${result.out}`, result.children);
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

/** Does the user want commits signed? */
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

/** A hook of the user's that said no: what it printed is the detail. */
export function hookError(hook: string, outcome: string, detail: string): FleetError {
  return gitError('git.hook-failed', `the ${hook} hook said no. ${outcome}`, {
    hint: `Put right what the hook complains about (it is yours: git config core.hooksPath, .git/hooks/${hook}).`,
    detail,
  });
}
