import { simpleGit } from 'simple-git';
import { FleetError } from '../model/errors.ts';
import { gitError } from './error.ts';
import { usersOwn } from './users-own.ts';

/** The result of a git command. A non-zero exit is a result, not an error. */
export interface GitResult {
  readonly code: number;
  readonly out: Buffer;
  readonly err: string;
}

/** Runs git in one folder, with one environment. */
export interface Git {
  readonly dir: string;
  /** The folder for temporary files. */
  readonly temporary: string;
  readonly env: Readonly<Record<string, string>>;
  /** As of Surroundings: when aborted, ends any command, and none is started. */
  readonly over?: AbortSignal | undefined;
  readonly limits: GitLimits;
  run(args: readonly string[], options?: GitOptions): Promise<GitResult>;
  /** Standard output. @throws FleetError `git.failed` on a non-zero exit. */
  read(args: readonly string[], options?: GitOptions): Promise<Buffer>;
  /** The same as text, without the last line feed. */
  text(args: readonly string[]): Promise<string>;
}

/** What ends a git command that does not end by itself. */
export interface GitLimits {
  /** Time limit of each command, in ms. */
  readonly timeout: number;
  /** When aborted, ends commands that may wait for others, and starts no more of these. */
  readonly signal?: AbortSignal;
}

/** The default of `git.timeout`, in ms. */
export const usualLimits: GitLimits = { timeout: 120_000 };

/**
 * Commands that wait for a remote, for hooks or for signing, or pack all of a repository. All others are short, and a
 * merge, cut off, would leave half of its files in the work tree.
 */
const waits = new Set(['bundle', 'commit', 'fetch', 'ls-remote', 'push']);

export interface GitOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function git(
  dir: string,
  { env, temporary, over }: Pick<Git, 'env' | 'temporary' | 'over'>,
  limits: GitLimits = usualLimits,
): Git {
  const run = async (args: readonly string[], options: GitOptions = {}): Promise<GitResult> => {
    let result: GitResult | undefined;
    const all = { ...env, ...options.env };
    const late = AbortSignal.timeout(limits.timeout);
    const asked = waits.has(args[0] ?? '') ? limits.signal : undefined;
    const isAsked = () => asked?.aborted || over?.aborted;
    if (isAsked()) throw interrupted();
    const instance = simpleGit({
      baseDir: dir,
      unsafe: usersOwn,
      abort: AbortSignal.any([asked, over, late].filter((one) => one !== undefined)),
      allowEnvironment: Object.keys(all),
      // A child that stays (ssh's ControlPersist) may hold the pipes open for ever.
      completion: { onClose: true, onExit: 500 },
      // A Buffer, even if empty: otherwise the pipe stays open, and a hook that reads it waits for ever.
      input: () => Buffer.from(options.stdin ?? ''),
      errors: (_, { exitCode, stdOut, stdErr }) => {
        result = {
          code: exitCode,
          out: Buffer.concat(stdOut),
          err: Buffer.concat(stdErr).toString(),
        };
        return undefined;
      },
    });
    // A git that was stopped either ends like one that failed, or its promise is rejected.
    const stopped = () =>
      isAsked() ? interrupted() : late.aborted ? timedOut(args, limits.timeout) : undefined;
    await instance
      .env(all)
      .outputHandler(endsAtOnce)
      .raw([...args])
      .catch((error: unknown) => {
        throw stopped() ?? error;
      });
    if (result?.code !== 0) {
      const why = stopped();
      if (why) throw why;
    }
    if (result === undefined) throw new Error(`simple-git said nothing about git ${args[0]}`);
    if (result.code < 0)
      throw gitError('git.not-installed', 'git could not be started', {
        hint: 'Install git and put it on PATH.',
        detail: result.err,
      });
    return result;
  };
  const read = async (args: readonly string[], options?: GitOptions): Promise<Buffer> => {
    const { code, out, err } = await run(args, options);
    if (code === 0) return out;
    throw gitError('git.failed', `git ${args[0]} failed (exit ${code})`, {
      hint: `Run it in ${dir} to see more: git ${args.slice(0, 6).join(' ')}`,
      detail: err,
    });
  };
  return {
    dir,
    env,
    temporary,
    over,
    limits,
    run,
    read,
    text: async (args) => (await read(args)).toString().replace(/\n$/, ''),
  };
}

/** Keeps simple-git from waiting 50 ms for output of a command that printed nothing and has closed its pipes. */
function endsAtOnce(_: string, out: NodeJS.ReadableStream): void {
  out.once('close', () => out.emit('data', Buffer.alloc(0)));
}

const interrupted = () => new FleetError('interrupted', 'interrupted');

function timedOut(args: readonly string[], timeout: number): FleetError {
  return gitError(
    'git.timed-out',
    `git ${args[0]} did not finish within ${timeout / 1000} s and was stopped`,
    {
      hint: 'Check that the remote answers: git ls-remote. If a hook or a large push needs longer, raise git.timeout in fleet.yaml.',
    },
  );
}

/** Splits the output of git's `-z` options. */
export function fields(out: Buffer): string[] {
  return out.toString().split('\0').slice(0, -1);
}

/** Input for git's `-z --stdin` options. */
export function list(paths: readonly string[]): string {
  return paths.map((path) => `${path}\0`).join('');
}

/** The pathspec for exactly this path, whatever characters it contains, relative to the top of the repository. */
export function literal(path: string): string {
  return `:(top,literal)${path}`;
}
