// Before `npm start`: installs and builds what is missing. Runs on whatever Node there is, so
// nothing newer than Node 16 here.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const npm = (...args) =>
  execFileSync('npm', args, { stdio: 'inherit', shell: process.platform === 'win32' });

const newest = (folder) =>
  Math.max(
    ...readdirSync(folder, { withFileTypes: true }).map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? newest(path) : statSync(path).mtimeMs;
    }),
  );

const [major, minor] = process.versions.node.split('.').map(Number);
const { optionalDependencies } = JSON.parse(readFileSync('scripts/node/package.json', 'utf8'));
if (
  (major < 22 || (major === 22 && minor < 18)) &&
  !(`node-${process.platform}-${process.arch}` in optionalDependencies)
) {
  console.error(
    `fleet needs Node 22.18 or newer; this is ${process.versions.node}. A checkout brings its own for Linux alone.`,
  );
  process.exit(1);
}
if (!existsSync('node_modules/rolldown')) npm('ci', '--loglevel', 'error');
if (!existsSync('dist/main.js') || newest('src') > statSync('dist/main.js').mtimeMs)
  npm('run', '--silent', 'build');
