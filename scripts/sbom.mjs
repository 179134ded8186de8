// npm run sbom -- cyclonedx|spdx: what fleet consists of at run time, from package-lock.json, as npm says it, and
// with what is part of dist/: for npm that is only used for development.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundled, installed, read } from './run-time.ts';

const [manifest, lock] = [read('package.json'), read('package-lock.json')];
const { '': project, ...packages } = lock.packages;
for (const name of bundled) delete packages[`node_modules/${name}`].dev;
for (const it of [manifest, project]) {
  for (const name of bundled) it.dependencies[name] = it.devDependencies[name];
  delete it.devDependencies;
}
lock.packages = { '': project, ...Object.fromEntries(installed(packages)) };

const folder = mkdtempSync(join(tmpdir(), 'fleet-sbom-'));
try {
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  const options = ['--package-lock-only', `--sbom-format=${process.argv[2] ?? 'cyclonedx'}`];
  execFileSync('npm', ['sbom', ...options], { cwd: folder, stdio: 'inherit' });
} catch {
  process.exitCode = 1; // npm has said why.
} finally {
  rmSync(folder, { recursive: true });
}
