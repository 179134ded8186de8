import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe } from 'vitest';

// The dummy store: evaluation and parsing need none, so the tests run for any user.
const env = { ...process.env, NIX_REMOTE: 'dummy://' };

const present = spawnSync('nix-instantiate', ['--version'], { env }).status === 0;

/**
 * `describe` for what only Nix can tell. Without nix-instantiate the cases are skipped, loudly;
 * FLEET_LAB=required makes that a failure.
 */
export const describeWithNix: typeof describe.skip = present ? describe : withoutNix();

function withoutNix(): typeof describe.skip {
  if (process.env.FLEET_LAB === 'required') {
    throw new Error('FLEET_LAB=required, but there is no nix-instantiate on PATH');
  }
  process.stderr.write('\n*** no nix-instantiate on PATH: nothing is checked against Nix ***\n\n');
  return describe.skip;
}

function instantiate(...args: string[]): string {
  const run = spawnSync('nix-instantiate', args, {
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(run.stderr || String(run.error));
  return run.stdout;
}

/** The value of the Nix file, through JSON. */
export const evaluate = (file: string): unknown =>
  JSON.parse(instantiate('--eval', '--strict', '--json', file));

/** Throws where one of the files is no Nix. */
export const parse = (files: readonly string[]): string => instantiate('--parse', ...files);

/** Writes the files into a folder that is gone afterwards. */
export function withFiles<T>(
  files: Iterable<readonly [string, string]>,
  use: (dir: string) => T,
): T {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-nix-'));
  try {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    }
    return use(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
