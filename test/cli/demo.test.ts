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

/**
 * Runs the demo as a terminal does, and presses Ctrl-C each time it has printed the next of `cues`.
 * @param first what is done before that, with what was said so far
 */
async function demo(
  cues: readonly string[],
  options: readonly string[] = [],
  first: (said: string) => void = () => {},
) {
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
      first(said);
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

    test('when it was kept: the faults that it names are found and mended; Ctrl-C is how it ends', async () => {
      let tried = '';
      const { code, said } = await demo(['fleet rollback --list'], ['--keep'], (text) => {
        const lines = text.slice(text.indexOf('export FLEET_SSH_CONFIG'));
        const script = lines.replaceAll('fleet apply', 'fleet apply --yes');
        tried = execFileSync('bash', ['-O', 'expand_aliases', '-c', script], {
          env: {
            PATH: process.env.PATH,
            HOME: folder,
            NODE_DISABLE_COMPILE_CACHE: '1',
            ...coverage(),
          },
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        });
      });
      const told = [
        'microvm@web1 is inactive (dead)',
        'web1 started',
        'bridge br-ops: expected up',
        'hv3 repaired (bridge br-ops is down)',
        'hv2  failed, rolled back',
        'db answers: expected ping, seen no answer',
      ];
      let at = 0;
      for (const one of told) {
        at = tried.indexOf(one, at);
        expect(at, `${one} in\n${tried}`).toBeGreaterThan(-1);
      }
      expect(said).toContain(ends);
      expect(code).toBe(0);
      expect(readdirSync(folder)).toEqual([]);
      expect(processes()).toEqual([]);
    }, 300_000);
  },
);
