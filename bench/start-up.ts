// How long fleet takes to begin: `--version` against Node's own start, `validate` of this repository's
// fleet.yaml against `--version`.
import { fileURLToPath } from 'node:url';
import { inTurn, once, show } from './measure.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const fleet = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const [validate, version, node] = inTurn(Number(process.argv[2] ?? 25), [
  () => once([process.execPath, fleet, '-C', root, 'validate']),
  () => once([process.execPath, fleet, '--version']),
  () => once([process.execPath, '-e', '0']),
]);
if (validate && version && node) {
  console.log(show('fleet validate', validate));
  console.log(show('fleet --version', version));
  console.log(show('node -e 0', node));
  console.log(`version / node: ${(version.median / node.median).toFixed(2)} (at most 2)`);
  console.log(`validate / version: ${(validate.median / version.median).toFixed(2)} (at most 3)`);
}
