import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gitError } from './error.ts';
import { type Git, git as gitIn } from './git.ts';
import type { ObjectFormat } from './object-id.ts';

/**
 * A bundle with `commit` as refs/heads/fleet. That ref has to exist, so it is made in a temporary repository that borrows
 * our objects: the user's repository gets no branch, and a run that is killed leaves only a temporary folder.
 */
export async function bundle(
  git: Git,
  format: ObjectFormat,
  commit: string,
  have: string | undefined,
): Promise<Buffer> {
  const dir = await mkdtemp(join(git.temporary, 'fleet-bundle-'));
  try {
    const temporary = gitIn(dir, { ...git, env: { ...git.env, GIT_DIR: dir } }, git.limits);
    await temporary.text(['init', '--quiet', '--bare', '--template=', `--object-format=${format}`]);
    const objects = resolve(git.dir, await git.text(['rev-parse', '--git-path', 'objects']));
    await writeFile(join(dir, 'objects', 'info', 'alternates'), `${objects}\n`);
    await temporary.text(['update-ref', 'refs/heads/fleet', `${commit}^{commit}`]);
    const but = await excluded(temporary, commit, have);
    const args = ['bundle', 'create', '--quiet', '-', 'refs/heads/fleet', ...but];
    const { code, out, err } = await temporary.run(args);
    if (code === 0) return out;
    throw gitError('git.bundle-failed', `commit ${commit} could not be bundled`, {
      hint: 'Does `git fsck` find the repository in order?',
      detail: err,
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Excludes what the other side has. git makes no empty bundle, so the commit itself is always included. */
async function excluded(git: Git, commit: string, have: string | undefined): Promise<string[]> {
  if (have === undefined) return [];
  if (have === commit) return ['--not', `${commit}^@`];
  const { code } = await git.run(['merge-base', '--is-ancestor', have, commit]);
  return code === 0 ? [`^${have}`] : [];
}
