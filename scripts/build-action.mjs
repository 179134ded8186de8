// Bundles the Action (action.yml) to action/: its two steps, and all of fleet with what it needs at run time, so that a
// pin of the Action's commit pins everything. The same sources give the same bytes.
// npm run build:action [-- DIR] [--maps]: --maps for counts of what tests run (scripts/coverage.mjs).
import { copyFileSync, cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import generate from './generate.mjs';
import { bundled, installed, packageOf, read } from './run-time.ts';

const isMapped = process.argv.includes('--maps');
const to = process.argv.slice(2).find((word) => word !== '--maps') ?? 'action';
await generate();
rmSync(to, { recursive: true, force: true });
const { name, version } = read('package.json');

/** @returns the packages that it has in it */
async function bundle(input, dir) {
  const made = await rolldown({
    input,
    platform: 'node',
    // ssh2 does without the former: they are built by scripts of its installation, which nobody runs. debug does
    // without the latter, which is there or not by what development has.
    external: [/\.node$/, 'cpu-features', 'supports-color'],
    resolve: { alias: { yaml: resolve('node_modules/yaml/browser/index.js') } },
    // ssh2 has it, for Pageant on Windows.
    transform: { target: 'node24', define: { __dirname: 'import.meta.dirname' } },
    tsconfig: false,
  });
  const { output } = await made.write({
    dir,
    sourcemap: isMapped ? 'hidden' : false,
    chunkFileNames: '[name].js',
    minify: { compress: false, mangle: false },
  });
  await made.close();
  return output.flatMap(({ moduleIds = [] }) => moduleIds).flatMap((id) => packageOf(id) ?? []);
}

const packages = new Set([
  ...(await bundle({ main: 'src/action/main.ts', post: 'src/action/post.ts' }, to)),
  ...(await bundle('src/main.ts', `${to}/fleet`)),
]);
const known = installed(read('package-lock.json').packages).map(([path]) => packageOf(path));
const strangers = packages.difference(new Set([...known, ...bundled]));
if (strangers.size > 0)
  throw new Error(`${to}/ would contain ${[...strangers].join(', ')}: see scripts/run-time.ts`);
cpSync('src/host/scripts', `${to}/fleet/host/scripts`, { recursive: true });
// fleet reads its version beside its folder.
writeFileSync(`${to}/package.json`, `${JSON.stringify({ name, version, type: 'module' })}\n`);
for (const one of packages) {
  const file = readdirSync(`node_modules/${one}`).find((name) => /^licen[cs]e/i.test(name));
  if (file === undefined) throw new Error(`${one} has no file with its licence`);
  const copy = `${to}/licenses/${one}.txt`;
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync(`node_modules/${one}/${file}`, copy);
}
