// Vitest's provider for coverage by V8, which also counts what processes of the built binary run: it reads the source
// map beside each file of dist/ and action/, whatever files there are, and counts for src/ only.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import v8 from '@vitest/coverage-v8';
import { V8CoverageProvider } from '@vitest/coverage-v8/dist/provider.js';

const bundles = ['dist', 'action'].map((name) => join(import.meta.dirname, `../${name}/`));
const isBundled = (file) => bundles.some((folder) => file.startsWith(folder));

class Provider extends V8CoverageProvider {
  initialize(vitest) {
    for (const folder of bundles)
      if (sourceMap(join(folder, 'main.js')) === null)
        throw new Error(`${folder} has no source maps, which npm run precoverage makes`);
    super.initialize(vitest);
  }

  isIncluded(file, root) {
    return super.isIncluded(file, root) || (isBundled(file) && sourceMap(file) !== null);
  }

  async transformFile(file, ...rest) {
    if (!isBundled(file)) return super.transformFile(file, ...rest);
    return { code: readFileSync(file, 'utf8'), map: sourceMap(file) };
  }

  async generateCoverage(context) {
    const map = await super.generateCoverage(context);
    map.filter((file) => super.isIncluded(file));
    for (const file of map.files()) unite(map.fileCoverageFor(file).data);
    return map;
  }
}

/** Makes one of a branch that vitest's compiler and ours say to end at different columns. */
function unite({ branchMap, b: counts }) {
  const known = new Map();
  for (const [id, { type, loc }] of Object.entries(branchMap)) {
    const key = `${type} ${loc.start.line}:${loc.start.column} ${counts[id].length}`;
    const first = known.get(key);
    known.set(key, first ?? id);
    if (first === undefined) continue;
    counts[first] = counts[first].map((count, arm) => count + counts[id][arm]);
    delete branchMap[id];
    delete counts[id];
  }
}

function sourceMap(file) {
  try {
    return JSON.parse(readFileSync(`${file}.map`, 'utf8'));
  } catch {
    return null;
  }
}

// Vitest loads this module anew for each step; what lasts between them is v8's.
export default {
  startCoverage: (options) => v8.startCoverage(options),
  takeCoverage: (options) => {
    dropTorn(v8.extendedContextCoverageDir);
    return v8.takeCoverage(options);
  },
  stopCoverage: (options) => v8.stopCoverage(options),
  getProvider: () => new Provider(),
};

/** A process that is killed while it writes leaves half a file, which vitest does not forgive. */
function dropTorn(folder) {
  let names = [];
  try {
    names = readdirSync(folder);
  } catch {
    return; // No process of fleet's has ended.
  }
  for (const name of names) {
    const file = join(folder, name);
    try {
      JSON.parse(readFileSync(file, 'utf8'));
    } catch {
      rmSync(file);
    }
  }
}
