import { names } from '../app/names.ts';
import { exitCodes } from '../model/errors.ts';
import { candidates } from './completion/candidates.ts';
import { completionScripts, type Shell } from './completion/scripts.ts';
import { type CommonOptions, type Invocation, usual } from './options.ts';
import { localPorts } from './ports.ts';

/** `fleet completion SHELL`: what that shell has to read. */
export async function completionCommand(
  _invocation: Invocation,
  _options: object,
  [shell]: readonly string[],
): Promise<number> {
  process.stdout.write(completionScripts[shell as Shell]);
  return exitCodes.ok;
}

/** `fleet complete -- WORD…`: what the last of the words may be. Shells ask it; says nothing that is wrong. */
export async function completeCommand(
  { program }: Invocation,
  _options: object,
  words: readonly string[],
): Promise<number> {
  const found = candidates(program, words, () => names(localPorts(), whereOf(words)));
  for (const { word, about = '' } of found) process.stdout.write(`${word}\t${about}\n`);
  return exitCodes.ok;
}

/** The repository that the line names. */
function whereOf(words: readonly string[]): CommonOptions {
  const after = (flags: readonly string[]) =>
    words.find((_, i) => flags.includes(words[i - 1] ?? ''));
  return {
    directory: after(['-C', '--directory']) ?? usual.directory,
    config: after(['--config']) ?? usual.config,
  };
}
