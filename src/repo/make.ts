import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Surroundings } from '../model/surroundings.ts';
import { gitEnvironment } from './environment.ts';
import { git } from './git.ts';

/** Makes a folder a git repository, unless it is in one. */
export async function makeRepo(dir: string, around: Surroundings): Promise<void> {
  const at = git(dir, { ...around, env: gitEnvironment(around.env) });
  const { code } = await at.run(['rev-parse', '--show-toplevel']);
  if (code !== 0) await at.read(['init', '--quiet']);
}

/** The branch that is checked out in a folder, or would be if it were made a repository. */
export async function branchOf(dir: string, around: Surroundings): Promise<string> {
  // The folder may not exist yet.
  let folder = dir;
  while (!existsSync(folder)) folder = dirname(folder);
  const at = git(folder, { ...around, env: gitEnvironment(around.env) });
  // `git var` knows git's own default and the user's, but only since git 2.35.
  for (const args of [
    ['symbolic-ref', '--quiet', '--short', 'HEAD'],
    ['var', 'GIT_DEFAULT_BRANCH'],
  ]) {
    const { code, out } = await at.run(args);
    if (code === 0) return out.toString().trim();
  }
  return 'main';
}
