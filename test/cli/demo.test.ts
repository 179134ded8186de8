import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { coverage } from '../coverage.ts';

const entry = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the demo as a terminal does, and presses Ctrl-C each time it has printed the next of `cues`. */
async function demo(cues: readonly string[], ...options: string[]) {
  const child = spawn(process.execPath, [entry, 'demo', ...options], {
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      TMPDIR: folder,
      NODE_DISABLE_COMPILE_CACHE: '1',
      ...coverage(),
    },
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
      process.kill(-(child.pid as number), 'SIGINT');
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said };
}

/** Processes that have the folder in their command line or environment. */
function processes(): string[] {
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

describe.runIf(process.platform === 'linux')(
  'fleet demo that is interrupted leaves no folder and no process',
  () => {
    const ends = 'Interrupted: the demo ends, and its folder is removed.';

    test('while a command runs: it waits for that', async () => {
      const { code, said } = await demo(['$ fleet plan']);
      expect(code).toBe(130);
      expect(said).toContain(ends);
      expect(said).not.toContain('# Do it');
      expect(readdirSync(folder)).toEqual([]);
      expect(processes()).toEqual([]);
    });

    test('twice: it waits for nothing', async () => {
      const { code } = await demo(['hv1: build', ends]);
      expect(code).toBe(130);
      expect(readdirSync(folder)).toEqual([]);
      expect(processes()).toEqual([]);
    });

    test('when it was kept: Ctrl-C is how it ends', async () => {
      const { code, said } = await demo(['fleet rollback --list'], '--keep');
      expect(said).toContain(ends);
      expect(code).toBe(0);
      expect(readdirSync(folder)).toEqual([]);
      expect(processes()).toEqual([]);
    }, 120_000);
  },
);
