import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Surroundings } from '../model/surroundings.ts';
import { gitEnvironment } from './environment.ts';
import { git } from './git.ts';

/** What git says of a folder; nothing here asks a remote. */
export interface CloneAt {
  /** The branch that is checked out, or would be if the folder were made a repository. */
  readonly branch: string;
  /** Real path of the repository's top folder; undefined: the folder is in none. */
  readonly top: string | undefined;
  /** Of the remote called origin, as it was given to git. */
  readonly origin: string | undefined;
}

/** @param dir may not exist yet: then the nearest folder above it is meant */
export async function cloneAt(dir: string, around: Surroundings): Promise<CloneAt> {
  let folder = dir;
  while (!existsSync(folder)) folder = dirname(folder);
  const at = git(folder, { ...around, env: gitEnvironment(around.env) });
  const first = async (...commands: string[][]) => {
    for (const args of commands) {
      const { code, out } = await at.run(args);
      if (code === 0) return out.toString().replace(/\n$/, '');
    }
    return undefined;
  };
  const [branch, top, origin] = await Promise.all([
    // `git var` knows git's own default and the user's, but only since git 2.35.
    first(['symbolic-ref', '--quiet', '--short', 'HEAD'], ['var', 'GIT_DEFAULT_BRANCH']),
    first(['rev-parse', '--show-toplevel']),
    first(['config', '--get', 'remote.origin.url']),
  ]);
  return {
    branch: branch ?? 'main',
    top: top === undefined ? undefined : realpathSync(top),
    origin,
  };
}
