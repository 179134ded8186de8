import { commitWritten, type Initialised } from '../app/init.ts';
import type { Ports } from '../app/ports.ts';
import { shellQuote } from '../model/shell-quote.ts';
import { canAsk, confirm } from './ask.ts';
import type { InitOptions } from './init-options.ts';

export const gitAdd = ({ files }: Pick<Initialised, 'files'>): string =>
  `git add ${[...files.keys()].map(shellQuote).join(' ')}`;

/** Commits what was written when that is wanted: by --commit, or by whoever is there to be asked. @returns its id */
export async function commit(
  ports: Ports,
  made: Pick<Initialised, 'directory' | 'files'>,
  message: string,
  { commit }: InitOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (made.files.size === 0) return undefined;
  const isWanted = commit ?? (canAsk() && (await confirm('Commit these files?', signal)));
  return isWanted ? commitWritten(ports, made, message, signal) : undefined;
}
