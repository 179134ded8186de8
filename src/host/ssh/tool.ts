import { type ExecFileException, execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { FleetError } from '../../model/errors.ts';
import type { Surroundings } from '../../model/surroundings.ts';

/** The result of a short-lived local command. */
export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Call {
  readonly words: readonly string[];
  readonly env: Surroundings['env'];
  readonly resolve: (result: ToolResult | Promise<ToolResult>) => void;
}

/** Limited, because a `Match exec` in ssh_config runs the user's own command, which may hang. */
const timeoutMs = 15_000;
/** The limit for commands that share a shell. Those that had no turn by then are run separately. */
const sharedTimeoutMs = 5000;
/** How many share a shell. Few, so that the first logins begin while others are still being resolved. */
const share = 8;
const maxBuffer = 16 * 1024 * 1024;

let waiting: Call[] = [];
let shells = 0;

/**
 * Runs one of OpenSSH's tools. Calls made at the same moment, as for many hypervisors, share a shell, which starts a
 * process in a fifth of the time that Node needs.
 * @throws FleetError `ssh.no-openssh` when it is not installed.
 */
export function runTool(
  file: string,
  args: readonly string[],
  env: Surroundings['env'],
): Promise<ToolResult> {
  return new Promise((resolve) => {
    if (waiting.length === 0) setImmediate(runWaiting);
    waiting.push({ words: [file, ...args], env, resolve });
  });
}

function runWaiting(): void {
  while (waiting.length > 0 && shells < availableParallelism()) {
    // The newest first, so that a login that has begun goes on before another begins.
    const env = waiting.at(-1)?.env;
    const calls = waiting.filter((call) => call.env === env).slice(-share);
    waiting = waiting.filter((call) => !calls.includes(call));
    shells++;
    void run(calls).then(() => {
      shells--;
      setImmediate(runWaiting);
    });
  }
}

async function run(calls: readonly Call[]): Promise<void> {
  const results = calls.length > 1 ? await runInOneShell(calls) : [];
  calls.forEach(({ words, env, resolve }, i) => {
    resolve(results[i] ?? runAlone(words, env));
  });
}

/** Results in the order of the calls; undefined for one that did not finish or could not be started. */
function runInOneShell(calls: readonly Call[]): Promise<(ToolResult | undefined)[]> {
  // The script contains only numbers; the words are arguments, which the shell does not interpret.
  const steps = calls.map(({ words }) => {
    const all = words.map((_, i) => `"\${${i + 1}}"`).join(' ');
    return `${all} & wait $!; printf '\\0%d\\0' $?; printf '\\0' >&2; shift ${words.length}\n`;
  });
  const script = `trap 'kill $!; exit' TERM\n${steps.join('')}`;
  const words = calls.flatMap((call) => call.words);
  return new Promise((resolve) => {
    const options = { timeout: sharedTimeoutMs, maxBuffer, ...(calls[0] && { env: calls[0].env }) };
    execFile('sh', ['-c', script, 'sh', ...words], options, (_error, stdout, stderr) => {
      const said = stdout.split('\0');
      const complained = stderr.split('\0');
      const result = (i: number): ToolResult | undefined => {
        const [out, code, more] = said.slice(2 * i, 2 * i + 3);
        const err = complained[i];
        // From 126 on the status may be the shell's own, because it could not start the command. Run separately, the
        // command gives a proper error.
        if (more === undefined || Number(code) > 125 || complained.length < i + 2) return undefined;
        return { code: Number(code), stdout: out ?? '', stderr: err ?? '' };
      };
      resolve(calls.map((_, i) => result(i)));
    });
  });
}

function runAlone(
  [file = '', ...args]: readonly string[],
  env: Surroundings['env'],
): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, maxBuffer, env };
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else reject(toolError(file, error));
    });
    child.stdin?.end();
  });
}

function toolError(file: string, error: ExecFileException): FleetError {
  if (error.code === 'ENOENT')
    return new FleetError('ssh.no-openssh', `the program ${file} is not on PATH`, {
      hint: 'Install the OpenSSH client: fleet reads ~/.ssh/config and known_hosts with it.',
      cause: error,
    });
  const why = error.killed ? `did not finish within ${timeoutMs / 1000} s` : error.message;
  return new FleetError('ssh.config', `${file} ${why}`, { cause: error });
}
