import type { ClientChannel } from 'ssh2';
import { FleetError } from '../../model/errors.ts';
import type { RunOptions, RunResult } from '../host.ts';
import { shellQuote } from '../quote.ts';
import type { Link } from './link.ts';
import { mark, Output } from './output.ts';

/** A command line and what goes to its standard input before the payload. */
export interface Invocation {
  readonly command: string;
  readonly preamble: Buffer;
}

/**
 * Runs a script without leaving a file behind. The command line is constant but for a length, so that
 * any login shell (fish, csh) reads it alike, arguments may be longer than the 128 KiB that one `-c`
 * may have, and neither `ps` nor sudo's log shows them. Arguments and script come over standard
 * input, counted in bytes by head(1), which leaves the rest to the script.
 *
 * A connection may die half-way through: cut short, the quotes or the braces do not close, and nothing
 * of it runs.
 */
export function invocation(script: string, args: readonly string[], sudo: boolean): Invocation {
  const preamble = Buffer.from(`{ set -- ${args.map(shellQuote).join(' ')}\n${script}\n}`);
  const say = `echo "${mark.trim()}"`;
  const read = `eval "$(head -c ${preamble.length})"`;
  return {
    command: `exec ${sudo ? 'sudo -n -- ' : ''}sh -c '${say}; ${say} >&2; ${read}' fleet`,
    preamble,
  };
}

/** Runs `script` at the other end. @throws FleetError `ssh.lost`, `ssh.timed-out`, `ssh.not-started`. */
export function runScript(
  link: Link,
  sudo: boolean,
  script: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { command, preamble } = invocation(script, args, sudo);
  return new Promise((resolve, reject) => {
    let session: ClientChannel | undefined;
    let isOver = false;
    const letGo = () => {
      isOver = true;
      clearTimeout(timer);
      link.client.removeListener('close', onLost);
      options.signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown) => {
      letGo();
      reject(error);
    };
    const onLost = () => fail(link.lost('a script ran'));
    const onAbort = () => {
      fail(new FleetError('interrupted', 'interrupted'));
      session?.close();
    };
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            fail(tooLong(link, options.timeoutMs!, options.title));
            link.close();
          }, options.timeoutMs);
    if (link.isClosed) return onLost();
    if (options.signal?.aborted) return onAbort();
    link.client.once('close', onLost);
    options.signal?.addEventListener('abort', onAbort);
    const onOpen = (error: Error | undefined, channel: ClientChannel | undefined) => {
      if (isOver) return void channel?.close();
      session = channel;
      if (error || !channel)
        return fail(
          link.isClosed
            ? link.lost('a script was started')
            : noSession(link, error ?? new Error('no session')),
        );
      const stdout = new Output(options.onLine);
      const stderr = new Output();
      let exit: { code: number | null } | undefined;
      const take = (output: Output) => (chunk: Buffer) => {
        if (isOver) return;
        try {
          output.push(chunk);
        } catch (thrown) {
          fail(thrown); // also by onLine; ssh2 would take it for a broken connection
          // Or it would go on sending.
          if (output.isFull) link.close();
        }
      };
      channel.on('data', take(stdout));
      channel.stderr.on('data', take(stderr));
      channel.once('exit', (code: number | null) => {
        exit = { code };
      });
      const ended = [channel, channel.stderr].map(
        (s) => new Promise((done) => s.once('close', done)),
      );
      Promise.all(ended)
        .then(() => {
          if (isOver) return;
          if (exit === undefined) return onLost();
          stdout.end();
          if (!stderr.started) return fail(notStarted(link, sudo, exit.code, stdout, stderr));
          letGo();
          resolve({ code: exit.code ?? 255, stdout: stdout.text(), stderr: stderr.text() });
        })
        .catch(fail);
      // Writing to a script that reads no more is no error: its exit status and output tell.
      channel.on('error', () => {});
      channel.write(preamble);
      channel.end(options.stdin);
    };
    try {
      link.client.exec(command, onOpen);
    } catch {
      onLost(); // ssh2 throws when the socket is half closed
    }
  });
}

function tooLong(link: Link, timeoutMs: number, title = 'a script'): FleetError {
  return new FleetError(
    'ssh.timed-out',
    `${link.label}: ${title} did not finish within ${timeoutMs / 1000} s; the connection was closed`,
    { hint: 'It may still be running there.' },
  );
}

function noSession(link: Link, cause: Error): FleetError {
  return new FleetError(
    'ssh.no-session',
    `${link.label}: no command can be run: ${cause.message}`,
    {
      hint: 'Does sshd allow sessions for this user and key (MaxSessions, ForceCommand, "restrict")?',
      cause,
    },
  );
}

function notStarted(link: Link, sudo: boolean, code: number | null, out: Output, err: Output) {
  const user = link.at.user;
  return new FleetError(
    'ssh.not-started',
    `${link.label}: ${sudo ? '`sudo -n sh`' : '`sh`'} did not start (exit ${code ?? 'by a signal'})`,
    {
      detail: (err.text() + out.text()).trim(),
      hint: sudo
        ? `${user} needs sudo without a password there, or connect as root (ssh.user in fleet.yaml).`
        : `${user} needs a login shell there that can run sh.`,
    },
  );
}
