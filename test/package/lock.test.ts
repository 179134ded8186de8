import { expect, test } from 'vitest';
import { installed as atRunTime, type Locked, read } from '../../scripts/run-time.ts';

const locked = Object.entries<Locked>(read('package-lock.json').packages);
const installed = locked.filter(([path, { link }]) => path.includes('node_modules/') && !link);

test('every package that npm ci installs is locked by its hash, Node among them', () => {
  expect(installed.length).toBeGreaterThan(100);
  for (const [path, { integrity }] of installed) expect(integrity, path).toMatch(/^sha512-/);
  // What is left are folders of this repository.
  expect(locked.filter((entry) => !installed.includes(entry)).map(([path]) => path)).toEqual([
    '',
    'node_modules/node-of-the-checkout',
    'scripts/node',
  ]);
  for (const name of Object.keys(read('scripts/node/package.json').optionalDependencies))
    expect(locked.map(([path]) => path)).toContain(`node_modules/${name}`);
});

test('what a package asks for is locked for every platform, or npm ci refuses the lock', () => {
  const paths = new Set(locked.map(([path]) => path));
  const found = (from: string, name: string): boolean =>
    paths.has(`${from === '' ? '' : `${from}/`}node_modules/${name}`) ||
    (from !== '' && found(from.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, ''), name));
  const missing = installed.flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !found(path, name))
      .map((name) => `${path} → ${name}`),
  );
  expect(missing).toEqual([]);
});

test('no package may run a script when it is installed', () => {
  const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript);
  const names = scripted.map(([path]) => path.replace(/^.*node_modules\//, ''));
  expect(read('package.json').allowScripts).toEqual(
    Object.fromEntries(names.map((name) => [name, false])),
  );
});

test('at most 45 packages are installed with fleet', () => {
  const { length } = atRunTime(Object.fromEntries(locked));
  expect(length).toBeGreaterThan(0);
  expect(length).toBeLessThanOrEqual(45);
});
