import { FleetError } from '../../model/errors.ts';
import type { RunOptions, RunResult } from '../host.ts';
import type { Link } from './link.ts';
import { openScript } from './open.ts';
import { Output } from './output.ts';

/**
 * Runs `script` at the other end.
 * @throws FleetError `ssh.lost`, `ssh.timed-out`, `ssh.not-started`, `remote.too-much`, `interrupted`.
 */
export async function runScript(
  link: Link,
  sudo: boolean,
  script: string,
  args: readonly string[],
  { stdin = '', onLine, timeoutMs, title, signal, isLong = false }: RunOptions = {},
): Promise<RunResult> {
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort);
  let timer: NodeJS.Timeout | undefined;
  const late = Promise.withResolvers<never>();
  const onTurn = () => {
    if (timeoutMs === undefined) return;
    timer = setTimeout(() => {
      late.reject(tooLong(link, timeoutMs, title));
      link.close();
    }, timeoutMs);
  };
  const finish = async () => {
    const how = { stdin, signal: stop.signal, isLong, onTurn };
    const running = await openScript(link, sudo, script, args, how);
    const stdout = new Output(onLine);
    const stderr = new Output();
    const [exit] = await Promise.all([
      running.exit,
      stdout.read(running.stdout),
      stderr.read(running.stderr),
    ]);
    return { code: exit.code, stdout: stdout.text(), stderr: stderr.text() };
  };
  try {
    return await Promise.race([finish(), late.promise]);
  } catch (error) {
    // Otherwise it would go on sending.
    if (error instanceof FleetError && error.code === 'remote.too-much') link.close();
    stop.abort();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

function tooLong(link: Link, timeoutMs: number, title = 'a script'): FleetError {
  return new FleetError(
    'ssh.timed-out',
    `${link.label}: ${title} did not finish within ${timeoutMs / 1000} s; the connection was closed`,
    { hint: 'It may still be running there.' },
  );
}
