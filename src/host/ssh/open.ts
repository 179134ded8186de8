import { PassThrough, type Transform } from 'node:stream';
import { FleetError } from '../../model/errors.ts';
import { shellQuote } from '../../model/shell-quote.ts';
import type { ExecOptions, Exit, OpenOptions, Running, Terminal } from '../host.ts';
import { AfterMark, mark } from './after-mark.ts';
import type { Channel, Link } from './link.ts';
import { takeTurn } from './turns.ts';

/** A command line, and what goes to its standard input before the script's own. */
export interface Invocation {
  readonly command: string;
  readonly preamble: Buffer;
}

/**
 * The command line that runs a script without leaving a file behind. It is constant except for a length, so every
 * login shell (fish, csh) reads it in the same way, arguments are not limited to the 128 KiB of one argument, and
 * neither `ps` nor sudo's log shows them. Arguments and script come over standard input: head(1) reads as many bytes and
 * leaves the rest to the script.
 *
 * If the connection dies half-way, quotes or braces are not closed, and nothing runs.
 *
 * A terminal is in raw mode until script and arguments have come through it.
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

/** What a session waits for, and who is told once it is its turn. */
interface Turn {
  readonly isLong?: boolean;
  readonly onTurn?: () => void;
}

/** Starts `script` at the other end. */
export async function openScript(
  link: Link,
  sudo: boolean,
  script: string,
  args: readonly string[],
  { stdin, pty, signal, ...turn }: OpenOptions & Turn = {},
): Promise<Running> {
  const { command, preamble } = invocation(script, args, sudo, pty);
  const channel = await unlessAborted(openChannel(link, command, { pty, signal, ...turn }), signal);
  const send = () => {
    channel.stdin.write(preamble);
    if (stdin !== undefined) channel.stdin.end(stdin);
  };
  // Before it is in raw mode, a terminal would echo what it is sent, and cut it at 4 KiB.
  const stdout = new AfterMark(pty ? send : undefined);
  const stderr = new AfterMark();
  // A script that stops reading is no error: its exit status and output tell what happened.
  channel.stdin.on('error', () => {});
  if (!pty) send();
  const said = settle(link, 'a script ran', channel, [stdout, stderr], signal);
  const exit = said.then((exit) => {
    if (pty ? stdout.started : stderr.started) return exit;
    throw notStarted(link, sudo, exit, stderr.before + stdout.before);
  });
  exit.catch(() => {}); // for callers that only read the outputs
  return { stdin: channel.stdin, stdout, stderr, exit };
}

/** Starts a command for the login shell at the other end; what that says first is the command's, too. */
export async function openCommand(
  link: Link,
  command: string,
  { stdin = '', signal }: ExecOptions = {},
): Promise<Running> {
  const channel = await unlessAborted(openChannel(link, command, { signal }), signal);
  channel.stdin.on('error', () => {});
  channel.stdin.end(stdin);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exit = settle(link, 'a command ran', channel, [stdout, stderr], signal);
  exit.catch(() => {});
  return { stdin: channel.stdin, stdout, stderr, exit };
}

/** Opens a channel when it is its turn. */
async function openChannel(
  link: Link,
  command: string,
  {
    pty,
    signal,
    isLong = false,
    onTurn = () => {},
  }: Turn & { readonly pty?: Terminal | undefined; readonly signal: AbortSignal | undefined },
): Promise<Channel> {
  const end = await takeTurn(link, isLong, signal);
  onTurn();
  try {
    const channel = await link.exec(command, pty);
    channel.exit.then(end, end);
    return channel;
  } catch (error) {
    end();
    throw error;
  }
}

/** Waits for the end of the channel, and ends both outputs with it. */
async function settle(
  link: Link,
  doing: string,
  channel: Channel,
  [stdout, stderr]: readonly [Transform, Transform],
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
    if (exit === undefined) throw link.lost(doing);
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

/** @throws FleetError `interrupted`; if the channel opens after that, it is closed. */
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
