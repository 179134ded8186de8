// Bundles src/ to dist/, a chunk for what each command needs, with the files that are read rather than imported.
// Dependencies are installed beside it. yaml and commander, which every command loads, are part of it: as a hundred
// files they take twice the time.
import { chmodSync, copyFileSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { rolldown } from 'rolldown';
import generate from './generate.mjs';
import { bundled, packageOf, read } from './run-time.ts';

await generate();
rmSync('dist', { recursive: true, force: true });
const { dependencies, version } = read('package.json');
const bundle = await rolldown({
  input: 'src/main.ts',
  platform: 'node',
  external: Object.keys(dependencies).map((name) => new RegExp(`^${name}(/|$)`)),
  // For Node it has CommonJS, of which nothing can be left out.
  resolve: { alias: { yaml: resolve('node_modules/yaml/browser/index.js') } },
  transform: { target: 'node22.18' },
  tsconfig: false,
});
const { output } = await bundle.write({
  dir: 'dist',
  chunkFileNames: '[name].js',
  // For counts of what tests run (scripts/coverage.mjs); not in the package.
  sourcemap: 'hidden',
  // Without their layout, but with their names: those stand in reports of bugs.
  minify: { compress: false, mangle: false },
});
await bundle.close();
const packages = output
  .flatMap(({ moduleIds = [] }) => moduleIds)
  .flatMap((id) => packageOf(id) ?? []);
const strangers = new Set(packages).difference(new Set(bundled));
if (strangers.size > 0)
  throw new Error(`dist/ would contain ${[...strangers].join(', ')}: see scripts/run-time.ts`);
for (const name of bundled) copyFileSync(`node_modules/${name}/LICENSE`, `dist/${name}.LICENSE`);
cpSync('src/host/scripts', 'dist/host/scripts', { recursive: true });
cpSync('src/sandbox/tools', 'dist/sandbox/tools', { recursive: true });
const { manual } = await import('../src/report/manual.ts');
const { manualWords } = await import('../src/cli/help/words.ts');
writeFileSync('dist/fleet.1', manual(version, manualWords()));
chmodSync('dist/main.js', 0o755);
