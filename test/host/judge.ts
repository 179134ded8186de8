import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = new URL('../../src/render/modules/watch-judge.sh', import.meta.url);
const judge = readFileSync(script, 'utf8').split("judge='")[1]?.split("\n'")[0] ?? '';

/** What fleet-watch gives to its judge, by the names that this knows them by; files of JSON as jq slurps them. */
export type Situation = Readonly<Record<string, unknown>>;

let asked: { to: number; from: number } | undefined;

/** What the judge of fleet-watch prints of a situation. To read its program takes jq longer than to follow it: one does for all. */
export function judged(situation: Situation): string[] {
  asked ??= start(Object.keys(situation));
  writeSync(asked.to, `${JSON.stringify(situation)}\n`);
  const chunk = Buffer.alloc(65_536);
  let said = Buffer.alloc(0);
  // Its last line.
  while (!/^table\t.*\n$/m.test(said.toString())) {
    const length = readSync(asked.from, chunk);
    if (length === 0) throw new Error('jq has ended');
    said = Buffer.concat([said, chunk.subarray(0, length)]);
  }
  return said.toString().split('\n').slice(0, -1);
}

function start(names: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-judge-'));
  try {
    const pipes = ['to', 'from'].map((name) => join(folder, name)) as [string, string];
    execFileSync('mkfifo', pipes);
    const variables = names.map((name) => `$${name}`).join(', ');
    const program = `inputs | . as {${variables}} | ${judge}`;
    // Both ends of a pipe are opened at once; with this process it ends.
    spawn('sh', ['-c', 'exec jq -nr --unbuffered "$1" <"$2" >"$3"', 'sh', program, ...pipes], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }).unref();
    return { to: openSync(pipes[0], 'w'), from: openSync(pipes[1], 'r') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
