import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { script } from '../../src/host/scripts.ts';

/** closure-diff.sh with this nix, of two paths that are there. */
function compare(nix: string): string {
  const root = mkdtempSync(join(tmpdir(), 'fleet-closure-diff-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const paths = ['a', 'b'].map((name) => join(root, 'nix/store', name));
  for (const path of [join(root, 'bin'), ...paths]) mkdirSync(path, { recursive: true });
  writeFileSync(join(root, 'bin/nix'), `#!/bin/sh\n${nix}\n`);
  chmodSync(join(root, 'bin/nix'), 0o755);
  const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}`, FLEET_ROOT: root };
  try {
    const args = ['-c', script('closure-diff'), 'sh', ...paths];
    return String(execFileSync('sh', args, { env, stdio: 'pipe' }));
  } catch (error) {
    return String((error as { stderr: Buffer }).stderr);
  }
}

test('a comparison that fails is a failure, never "the same"', () => {
  const said = compare("echo 'error: path is not valid' >&2; exit 1");
  expect(said).toContain('error: path is not valid');
  expect(said).toMatch(/^fleet-error\tdiff\.failed\tnix store diff-closures \S+ \S+ failed$/m);
});

test('one that finds nothing has no lines', () => {
  expect(compare('exit 0')).not.toMatch(/^closure/m);
  expect(compare("echo 'git: 1 → 2'")).toContain('closure\tgit: 1 → 2\n');
});
