import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Desk } from './fleet.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the files that the Nix package takes are all that its build needs', () => {
  const text = readFileSync(join(root, 'nix/fleet.nix'), 'utf8');
  const [, list] = /fileset = lib\.fileset\.unions \[([^\]]*)\]/.exec(text)!;
  const { folder, env } = new Desk();
  for (const path of list!.trim().split(/\s+/)) {
    const from = join(root, 'nix', path);
    const to = join(folder, 'nix', path);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, to, { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const node = (...args: string[]) =>
    execFileSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' });
  node('scripts/build.mjs');
  expect(node('dist/main.js', 'validate')).toContain('fleet.yaml is valid');
});
