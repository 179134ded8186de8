// shellcheck over every shell file, as it is run: the scripts for hypervisors behind lib.sh.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { script, scriptNames } from '../src/host/scripts.ts';

const { error: isMissing, stdout: version } = spawnSync('shellcheck', ['--version']);
if (isMissing) {
  console.error('shellcheck is not installed: shell files are not checked');
  process.exit(process.env.CI ? 1 : 0);
}

let failed = false;
const waiting = [];
const check = (name, args, input) => waiting.push({ name, args, input });
// Each with the libraries that it is sent with, and no others.
for (const name of scriptNames) check(`${name}.sh`, ['-s', 'sh', '-'], script(name));
// Units of modules/watch.nix, behind the libraries that it puts in front of them.
const shell = (folder) => (name) => readFileSync(join('src', folder, `${name}.sh`), 'utf8');
const library = shell('host/scripts');
const unit = shell('render/modules');
const common = [
  ...['lib', 'deployments', 'locks', 'spool', 'guest-state', 'ends'].map(library),
  unit('memory-level'),
];
const watching = ['dump', 'vmm'].map(library);
const units = {
  ...{ again: [], alerts: [], collect: [library('gc')], ended: [], heal: watching, memory: [] },
  ...{ reconcile: [], sample: [unit('sample-table')], started: [] },
  watch: [...watching, library('guest-ssh'), unit('watch-judge')],
};
for (const [name, more] of Object.entries(units))
  check(`${name}.sh`, ['-s', 'sh', '-'], [...common, ...more, unit(name)].join('\n'));
const walk = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)],
  );
const isShell = (file) =>
  statSync(file).size > 0 &&
  /^(#!.*sh\b|# shellcheck shell=)/m.test(readFileSync(file, 'utf8').split('\n', 2).join('\n'));
for (const file of ['src/sandbox', 'src/render', 'test/chaos', 'test/lab', 'scripts', '.ci']
  .flatMap(walk)
  .filter(isShell)) {
  check(file, ['-x', file]);
}

// What was well in these very words is not read again: most of it is libraries, over and over.
const record = 'node_modules/.cache/shellcheck.json';
const known = new Set(readRecord());
const well = [];
const keyOf = ({ args, input }) =>
  createHash('sha256')
    .update([version, ...args, input].join('\0'))
    .digest('hex');

function readRecord() {
  try {
    return JSON.parse(readFileSync(record, 'utf8'));
  } catch {
    return [];
  }
}

// The longest first: one that begins late is waited for alone.
waiting.sort((a, b) => (b.input?.length ?? 0) - (a.input?.length ?? 0));

/** One after the other, until none is left. */
async function work() {
  for (let one = waiting.shift(); one; one = waiting.shift()) {
    const { name, args, input } = one;
    // A file may source others, which -x reads, too.
    const key = input === undefined ? undefined : keyOf(one);
    if (known.has(key)) {
      well.push(key);
      continue;
    }
    const run = spawn('shellcheck', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    run.stdin.end(input ?? '');
    let said = '';
    run.stdout.on('data', (text) => (said += text));
    const code = await new Promise((resolve) => run.once('close', resolve));
    if (code === 0) {
      if (key !== undefined) well.push(key);
      continue;
    }
    failed = true;
    console.error(`${name}\n${said}`);
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work));
mkdirSync('node_modules/.cache', { recursive: true });
writeFileSync(record, JSON.stringify(well));
process.exit(failed ? 1 : 0);
