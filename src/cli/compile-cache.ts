import { lstatSync, mkdirSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Keeps what V8 compiled for the next run: below XDG_CACHE_HOME or ~/.cache, as NODE_COMPILE_CACHE says, or nowhere
 * (NODE_DISABLE_COMPILE_CACHE=1). What lies there is run, so it is never Node's own folder in /tmp, where somebody
 * else may have been first; nor is a folder written to or trusted that is somebody else's (sudo), that others may write
 * in, or that is a link. Costs time, never an error.
 */
export function keepCompiled(env: NodeJS.ProcessEnv): void {
  if (env.NODE_COMPILE_CACHE || env.NODE_DISABLE_COMPILE_CACHE) return;
  const home = env.XDG_CACHE_HOME || env.HOME;
  if (!home?.startsWith('/')) return;
  const folder = `${home}${env.XDG_CACHE_HOME ? '' : '/.cache'}/fleet`;
  const isOwn = ({ uid, mode }: Stats, others: number) =>
    uid === process.getuid?.() && (mode & others) === 0;
  try {
    // A user's own group may have a home to itself; nobody else has it.
    if (!isOwn(statSync(home), 0o002)) return;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const made = lstatSync(folder);
    if (!isOwn(statSync(dirname(folder)), 0o002) || !made.isDirectory() || !isOwn(made, 0o022))
      return;
    process.getBuiltinModule('node:module').enableCompileCache(folder);
  } catch {
    // A home that is not there, or is read-only: it is compiled each time.
  }
}
