import { FleetError } from '../../model/errors.ts';
import type { Exit, OpenOptions, Running, Terminal } from '../host.ts';
import { shellQuote } from '../quote.ts';
import { AfterMark, mark } from './after-mark.ts';
import type { Channel, Link } from './link.ts';

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
 *
 * A terminal is made raw first, and set up when script and arguments have come through it.
 */
export function invocation(
  script: string,
  args: readonly string[],
  sudo: boolean,
  pty?: Terminal,
): Invocation {
  const setUp = pty ? `stty sane rows ${pty.rows} cols ${pty.columns}\n` : '';
  const preamble = Buffer.from(`{ ${setUp}set -- ${args.map(shellQuote).join(' ')}\n${script}\n}`);
  const say = `echo "${mark.trim()}"`;
  const start = pty ? `stty raw -echo; ${say}` : `${say}; ${say} >&2`;
  const read = `eval "$(head -c ${preamble.length})"`;
  return {
    command: `exec ${sudo ? 'sudo -n -- ' : ''}sh -c '${start}; ${read}' fleet`,
    preamble,
  };
}

/** Starts `script` at the other end. */
export async function openScript(
  link: Link,
  sudo: boolean,
  script: string,
  args: readonly string[],
  { stdin, pty, signal }: OpenOptions = {},
): Promise<Running> {
  const { command, preamble } = invocation(script, args, sudo, pty);
  const channel = await unlessAborted(link.exec(command, pty), signal);
  const send = () => {
    channel.stdin.write(preamble);
    if (stdin !== undefined) channel.stdin.end(stdin);
  };
  // What a terminal is sent before it is raw would be shown, and cut at 4 KiB.
  const stdout = new AfterMark(pty ? send : undefined);
  const stderr = new AfterMark();
  // Writing to a script that reads no more is no error: its exit status and output tell.
  channel.stdin.on('error', () => {});
  if (!pty) send();
  const streams = [stdout, stderr] as const;
  const exit = settle(link, sudo, channel, streams, pty !== undefined, signal);
  exit.catch(() => {}); // whoever only reads is not to be thrown at
  return { stdin: channel.stdin, stdout, stderr, exit };
}

/** The channel's end; whatever it is, both outputs end with it. */
async function settle(
  link: Link,
  sudo: boolean,
  channel: Channel,
  [stdout, stderr]: readonly [AfterMark, AfterMark],
  hasTerminal: boolean,
  signal: AbortSignal | undefined,
): Promise<Exit> {
  let onAbort = () => {};
  const cut = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(interrupted());
    signal?.addEventListener('abort', onAbort);
    for (const stream of [stdout, stderr]) stream.on('error', reject);
    channel.stdout.on('error', () => {}).pipe(stdout);
    channel.stderr.on('error', () => {}).pipe(stderr);
  });
  try {
    const exit = await Promise.race([channel.exit, cut]);
    if (exit === undefined) throw link.lost('a script ran');
    if (hasTerminal ? !stdout.started : !stderr.started)
      throw notStarted(link, sudo, exit, stderr.before + stdout.before);
    return exit;
  } catch (error) {
    channel.close();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    channel.stdout.unpipe(stdout);
    channel.stderr.unpipe(stderr);
    for (const stream of [stdout, stderr]) stream.end();
  }
}

/** @throws FleetError `interrupted`; a channel that opens later is closed. */
async function unlessAborted(
  opening: Promise<Channel>,
  signal: AbortSignal | undefined,
): Promise<Channel> {
  if (signal === undefined) return opening;
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(interrupted());
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([aborted, opening]);
  } catch (error) {
    opening.then(
      (channel) => channel.close(),
      () => {},
    );
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function interrupted(): FleetError {
  return new FleetError('interrupted', 'interrupted');
}

function notStarted(link: Link, sudo: boolean, exit: Exit, said: string): FleetError {
  const { user } = link.at;
  const how = exit.signal === undefined ? exit.code : 'by a signal';
  return new FleetError(
    'ssh.not-started',
    `${link.label}: ${sudo ? '`sudo -n sh`' : '`sh`'} did not start (exit ${how})`,
    {
      detail: said.trim(),
      hint: sudo
        ? `${user} needs sudo without a password there, or connect as root (ssh.user in fleet.yaml).`
        : `${user} needs a login shell there that can run sh.`,
    },
  );
}
