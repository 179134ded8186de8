import type { Surroundings } from '../model/surroundings.ts';
import { gitEnvironment } from './environment.ts';
import { git } from './git.ts';

/** Makes a folder a git repository, unless it is in one. */
export async function makeRepo(dir: string, around: Surroundings): Promise<void> {
  const at = git(dir, { ...around, env: gitEnvironment(around.env) });
  const { code } = await at.run(['rev-parse', '--show-toplevel']);
  if (code !== 0) await at.read(['init', '--quiet']);
}
