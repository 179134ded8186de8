// Bundles what the package exports to dist/: `microvm-fleet/experimental`, one file beside those that fleet reads, and
// `microvm-fleet/json`, which is types alone; and the types of both. After scripts/build.mjs, which empties dist/.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import generate from './generate.mjs';
import { read } from './run-time.ts';

const { dependencies } = read('package.json');
const external = Object.keys(dependencies).map((name) => new RegExp(`^${name}(/|$)`));
const library = { experimental: 'src/library.ts' };

/** Writes what is bundled with these options to dist/. */
async function bundle(options, output) {
  const checks = { pluginTimings: false };
  const made = await rolldown({ external, platform: 'node', checks, ...options });
  await made.write({ dir: 'dist', ...output });
  await made.close();
}

await generate();
await bundle(
  {
    input: library,
    resolve: { alias: { yaml: resolve('node_modules/yaml/browser/index.js') } },
    transform: { target: 'node22.18' },
    tsconfig: false,
  },
  { codeSplitting: false, minify: { compress: false, mangle: false } },
);
writeFileSync('dist/json.js', 'export {};\n');
await bundle(
  {
    input: { ...library, json: 'src/report/json/index.ts' },
    plugins: [dts({ emitDtsOnly: true, tsconfig: 'tsconfig.json' })],
  },
  { chunkFileNames: 'types.js' },
);
