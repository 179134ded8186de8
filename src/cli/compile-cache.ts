import { mkdirSync, statSync } from 'node:fs';

/**
 * Keeps what V8 compiled for the next run: below XDG_CACHE_HOME or ~/.cache, as NODE_COMPILE_CACHE says, or nowhere
 * (NODE_DISABLE_COMPILE_CACHE=1). What lies there is run, so it is never Node's own folder in /tmp, where somebody
 * else may have been first; nor is a home that is somebody else's (sudo) written to or trusted. Costs time, never an error.
 */
export function keepCompiled(env: NodeJS.ProcessEnv): void {
  if (env.NODE_COMPILE_CACHE || env.NODE_DISABLE_COMPILE_CACHE) return;
  const home = env.XDG_CACHE_HOME || env.HOME;
  if (!home?.startsWith('/')) return;
  const folder = `${home}${env.XDG_CACHE_HOME ? '' : '/.cache'}/fleet`;
  const isOwn = (path: string) => statSync(path).uid === process.getuid?.();
  try {
    if (!isOwn(home)) return;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (isOwn(folder)) process.getBuiltinModule('node:module').enableCompileCache(folder);
  } catch {
    // A home that is not there, or is read-only: it is compiled each time.
  }
}
