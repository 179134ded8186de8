// Before `npm start`: installs and builds what is missing. Runs on whatever Node there is, so
// nothing newer than Node 16 here.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
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

if (!existsSync('node_modules/rolldown')) npm('ci');
if (!existsSync('dist/main.js') || newest('src') > statSync('dist/main.js').mtimeMs)
  npm('run', '--silent', 'build');
