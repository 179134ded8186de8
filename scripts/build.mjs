// Compiles src/ to dist/, with the files that are read rather than imported.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rolldown } from 'rolldown';
import generate from './generate.mjs';

await generate();
rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
cpSync('src/host/scripts', 'dist/host/scripts', { recursive: true });
cpSync('src/sandbox/tools', 'dist/sandbox/tools', { recursive: true });
chmodSync('dist/main.js', 0o755);

// What reads fleet.yaml, and yaml with it, are a hundred small files; as one they load in half the time.
const bundle = await rolldown({
  input: 'dist/config/read-fleet.js',
  platform: 'neutral',
  external: /^node:/,
});
const { output } = await bundle.generate({
  format: 'cjs',
  // Without their layout, but with their names: those stand in reports of bugs.
  minify: { compress: false, mangle: false },
});
const [{ code }] = output;
writeFileSync(
  'dist/config/read-fleet.cjs',
  `(function (exports, require) {${code}\nreturn exports; })`,
);
await bundle.close();
copyFileSync('node_modules/yaml/LICENSE', 'dist/config/yaml.LICENSE');
copyFileSync('scripts/reader.mjs', 'dist/config/read-fleet.js');

// After a first reading, so that V8 has compiled what a reading needs.
const { compiled, readFleet, script } = await import('../dist/config/read-fleet.js');
readFleet(readFileSync('fleet.yaml', 'utf8'), 'fleet.yaml');
writeFileSync(compiled, script.createCachedData());
