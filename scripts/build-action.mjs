// Bundles the Action (action.yml) to action/: its two steps, and all of fleet with what it needs at run time, so that a
// pin of the Action's commit pins everything. The same sources give the same bytes.
// npm run build:action [-- DIR] [--maps]: --maps for counts of what tests run (scripts/coverage.mjs).
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { rolldown } from 'rolldown';
import generate from './generate.mjs';

const isMapped = process.argv.includes('--maps');
const to = process.argv.slice(2).find((word) => word !== '--maps') ?? 'action';
await generate();
rmSync(to, { recursive: true, force: true });
const { dependencies, name, version } = JSON.parse(readFileSync('package.json', 'utf8'));

async function bundle(input, dir) {
  const made = await rolldown({
    input,
    platform: 'node',
    // Of ssh2's, which does without: they are built by scripts of its installation, which nobody runs.
    external: [/\.node$/, 'cpu-features'],
    resolve: { alias: { yaml: resolve('node_modules/yaml/browser/index.js') } },
    // ssh2 has it, for Pageant on Windows.
    transform: { target: 'node24', define: { __dirname: 'import.meta.dirname' } },
    tsconfig: false,
  });
  await made.write({
    dir,
    sourcemap: isMapped ? 'hidden' : false,
    chunkFileNames: '[name].js',
    minify: { compress: false, mangle: false },
  });
  await made.close();
}

await bundle({ main: 'src/action/main.ts', post: 'src/action/post.ts' }, to);
await bundle('src/main.ts', `${to}/fleet`);
cpSync('src/host/scripts', `${to}/fleet/host/scripts`, { recursive: true });
// fleet reads its version beside its folder.
writeFileSync(`${to}/package.json`, `${JSON.stringify({ name, version, type: 'module' })}\n`);
mkdirSync(`${to}/licenses`);
for (const one of [...Object.keys(dependencies), ...licensed()])
  copyFileSync(licenseOf(one), `${to}/licenses/${one}.txt`);

/** What is bundled beside the dependencies: their own, and what the bundle of fleet has in it anyway. */
function licensed() {
  return ['asn1', 'bcrypt-pbkdf', 'commander', 'safer-buffer', 'tweetnacl', 'yaml'];
}

function licenseOf(one) {
  const names = ['LICENSE', 'LICENSE.md', 'license', 'LICENCE'];
  for (const file of names) {
    try {
      readFileSync(`node_modules/${one}/${file}`);
      return `node_modules/${one}/${file}`;
    } catch {}
  }
  throw new Error(`${one} has no license file`);
}
