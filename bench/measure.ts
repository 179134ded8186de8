import { spawnSync } from 'node:child_process';

export interface Timed {
  /** Seconds of wall time, the median. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** One run of a command: seconds of wall time. @throws when it does not end as it should. */
export function once(
  command: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  cwd?: string,
): number {
  const started = performance.now();
  const run = spawnSync(command[0] ?? '', command.slice(1), {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 30,
  });
  const seconds = (performance.now() - started) / 1000;
  if (run.status !== 0)
    throw new Error(`${command.join(' ')} ended with ${run.status}\n${run.stdout}\n${run.stderr}`);
  return seconds;
}

/** MiB: the most that a Node program held at a time. */
export function peakMiB(args: readonly string[]): number {
  const report =
    'process.on("exit", () => process.stderr.write("\\n" + process.resourceUsage().maxRSS))';
  const run = spawnSync(process.execPath, ['--import', `data:text/javascript,${report}`, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  return Math.round(Number(run.stderr.split('\n').at(-1)) / 1024);
}

/** Runs commands in turn, A B A B …, so that a machine that changes its speed changes it for all. */
export function inTurn(runs: number, commands: readonly (() => number)[]): Timed[] {
  const times: number[][] = commands.map(() => []);
  for (let i = -1; i < runs; i++) {
    commands.forEach((command, k) => {
      const seconds = command();
      // The first round warms caches and is not counted.
      if (i >= 0) times[k]?.push(seconds);
    });
  }
  return times.map((list) => {
    const sorted = list.toSorted((a, b) => a - b);
    return {
      median: sorted[Math.floor(sorted.length / 2)] ?? 0,
      min: sorted[0] ?? 0,
      max: sorted.at(-1) ?? 0,
    };
  });
}

export function show(what: string, timed: Timed): string {
  const ms = (s: number) => `${Math.round(s * 1000)} ms`;
  return `${what.padEnd(44)} ${ms(timed.median).padStart(9)}   (${ms(timed.min)} to ${ms(timed.max)})`;
}
