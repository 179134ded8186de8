// Becomes dist/config/read-fleet.js (scripts/build.mjs). Reading fleet.yaml is a short run through much code, and V8
// takes longer to compile that code than to run it: what it compiled when fleet was built lies beside it. V8
// itself refuses what another V8, or one with other flags, has written; then the code is compiled as ever.
import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';

const filename = `${import.meta.dirname}/read-fleet.cjs`;
const source = readFileSync(filename, 'utf8');

/** What belongs to this Node only. */
export const compiled = `${filename}.${process.version}-${process.arch}`;

export const script = new Script(source, { filename, cachedData: before(compiled) });
export const { readFleet } = script.runInThisContext()({}, process.getBuiltinModule);

function before(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
