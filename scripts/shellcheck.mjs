// shellcheck over every shell file, as it is run: the scripts for hypervisors behind lib.sh.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

if (spawnSync('shellcheck', ['--version']).error) {
  console.error('shellcheck is not installed: shell files are not checked');
  process.exit(process.env.CI ? 1 : 0);
}

let failed = false;
const check = (name, args, input) => {
  const run = spawnSync('shellcheck', args, { input, encoding: 'utf8' });
  if (run.status === 0) return;
  failed = true;
  console.error(`${name}\n${run.stdout}${run.stderr}`);
};
const scripts = 'src/host/scripts';
const library = [
  'lib.sh',
  'spool.sh',
  'guests.sh',
  'deployments.sh',
  'guest-state.sh',
  'ends.sh',
  'dump.sh',
  'vmm.sh',
  'guest-ssh.sh',
  'before.sh',
  'locks.sh',
  'evaluate.sh',
];
const lib = library.map((file) => readFileSync(join(scripts, file), 'utf8')).join('\n');
for (const file of readdirSync(scripts)) {
  if (!library.includes(file))
    check(file, ['-s', 'sh', '-'], `${lib}\n${readFileSync(join(scripts, file), 'utf8')}`);
}
// Units of modules/watch.nix are behind the same libraries.
const units = 'src/render/modules';
for (const name of [
  'again',
  'alerts',
  'collect',
  'ended',
  'heal',
  'reconcile',
  'sample',
  'started',
  'watch',
]) {
  const file = join(units, `${name}.sh`);
  check(file, ['-s', 'sh', '-'], `${lib}\n${readFileSync(file, 'utf8')}`);
}
const walk = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)],
  );
const isShell = (file) =>
  statSync(file).size > 0 &&
  /^(#!.*sh\b|# shellcheck shell=)/m.test(readFileSync(file, 'utf8').split('\n', 2).join('\n'));
for (const file of [
  'modules',
  'src/sandbox',
  'src/render',
  'test/chaos',
  'test/lab',
  'scripts',
  '.ci',
]
  .flatMap(walk)
  .filter(isShell)) {
  check(file, ['-x', file]);
}
process.exit(failed ? 1 : 0);
