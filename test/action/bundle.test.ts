import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bundled, installed, packageOf, read } from '../../scripts/run-time.ts';

const top = fileURLToPath(new URL('../../', import.meta.url));

test('the bundle has the licence of every package that fleet has at run time, and of no other', () => {
  const licences = readdirSync(`${top}action/licenses`, {
    recursive: true,
    encoding: 'utf8',
  });
  const has = licences.flatMap((path) => /^(.+)\.txt$/.exec(path)?.[1] ?? []);
  const needed = installed(read('package-lock.json').packages)
    .filter(([, { optional }]) => !optional)
    .map(([path]) => packageOf(path));
  expect(has.sort()).toEqual([...needed, ...bundled].sort());
});

test('the same sources give the same bundle, whoever builds it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-action-again-'));
  try {
    execFileSync(process.execPath, ['scripts/build-action.mjs', folder], { cwd: top });
    // Tests run it with maps beside it.
    const files = (at: string) =>
      globSync('**/*', { cwd: at, withFileTypes: true })
        .filter((one) => one.isFile() && !one.name.endsWith('.map'))
        .map((one) => join(one.parentPath, one.name))
        .sort();
    const [built, again] = [files(`${top}action`), files(folder)].map((paths) =>
      paths.map((path) => createHash('sha256').update(readFileSync(path)).digest('hex')),
    );
    expect(built?.length).toBeGreaterThan(50);
    expect(again).toEqual(built);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
