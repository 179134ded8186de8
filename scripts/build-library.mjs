// Bundles what `microvm-fleet/experimental` exports to dist/: one file beside those that fleet reads, and its types. After
// scripts/build.mjs, which empties dist/.
import { resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import generate from './generate.mjs';
import { read } from './run-time.ts';

const external = Object.keys(read('package.json').dependencies);
const input = { experimental: 'src/library.ts' };

/** Writes what is bundled with these options to dist/. */
async function bundle(options, output) {
  const made = await rolldown({
    ...{ input, external, platform: 'node', checks: { pluginTimings: false } },
    ...options,
  });
  await made.write({ dir: 'dist', ...output });
  await made.close();
}

await generate();
await bundle(
  {
    resolve: { alias: { yaml: resolve('node_modules/yaml/browser/index.js') } },
    transform: { target: 'node22.18' },
    tsconfig: false,
  },
  { codeSplitting: false, minify: { compress: false, mangle: false } },
);
await bundle({ plugins: [dts({ dtsOnly: true, tsconfig: 'tsconfig.json' })] }, {});
