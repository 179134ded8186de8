import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'fleet-generate-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a checkout has: what git ignores is not there. */
for (const path of [
  'package-lock.json',
  'schemas',
  'scripts',
  'src/config',
  'src/host/scripts',
  'src/render/modules',
])
  cpSync(join(root, path), join(folder, path), {
    recursive: true,
    filter: (file) => !file.endsWith('.generated.ts'),
  });
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));

const generate = () => execFileSync(process.execPath, [join(folder, 'scripts/generate.mjs')]);
const validator = join(folder, 'src/config/validate.generated.ts');
const shell = join(folder, 'src/render/modules/shell.generated.ts');

test('generated sources are made on a clean checkout, and anew when what they are made of changed', () => {
  generate();
  expect(readFileSync(validator, 'utf8')).toContain('export const validate');
  const { ino } = statSync(validator);
  generate();
  expect(statSync(validator).ino).toBe(ino);

  appendFileSync(join(folder, 'src/render/modules/autostart.sh'), '# one more line\n');
  generate();
  expect(readFileSync(shell, 'utf8')).toContain('# one more line');
}, 180_000);
