import { gitEnvironment } from './environment.ts';
import { git } from './git.ts';

/** Makes a folder a git repository, unless it is in one. */
export async function makeRepo(dir: string): Promise<void> {
  const at = git(dir, gitEnvironment(process.env));
  const { code } = await at.run(['rev-parse', '--show-toplevel']);
  if (code !== 0) await at.read(['init', '--quiet']);
}
