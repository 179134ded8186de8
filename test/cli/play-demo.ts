import { execFileSync, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';

/**
 * Runs the demo as a terminal does, and presses Ctrl-C each time it has printed the next of `cues`.
 * @param program how fleet is started; `typed`, what follows then
 * @param first what is done before that, with what was said so far
 */
export async function playDemo(
  program: readonly [string, ...string[]],
  cues: readonly string[],
  {
    options = [],
    typed = ['demo'],
    first = () => {},
    ...run
  }: {
    readonly env: NodeJS.ProcessEnv;
    readonly cwd?: string;
    readonly options?: readonly string[];
    readonly typed?: readonly string[];
    readonly first?: (said: string) => void;
  },
): Promise<{ code: number | null; said: string }> {
  const [command, ...words] = program;
  const child = spawn(command, [...words, ...typed, ...options], {
    ...run,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group, which Ctrl-C reaches as a whole.
    detached: true,
  });
  const left = [...cues];
  let [said, from] = ['', 0];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const at = left[0] === undefined ? -1 : said.indexOf(left[0], from);
      if (at < 0) return;
      from = at + 1;
      left.shift();
      first(said);
      process.kill(-(child.pid as number), 'SIGINT');
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said };
}

/** Processes that have the folder in their command line or environment. */
export function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((id) => /^\d+$/.test(id) && Number(id) !== process.pid)
    .filter((id) => {
      try {
        const files = ['cmdline', 'environ'].map((name) => `/proc/${id}/${name}`);
        return execFileSync('cat', files, { stdio: ['ignore', 'pipe', 'ignore'] }).includes(folder);
      } catch {
        return false;
      }
    });
}
