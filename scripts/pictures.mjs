// Pictures for the README, from real runs at a terminal against the demo's pretend hypervisors:
//   npm run pictures
// Writes docs/pictures/*.svg. Hashes and seconds differ from run to run; what is shown does not.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DemoWorld } from '../src/demo/world.ts';
import { Terminal } from './terminal.mjs';

const top = join(import.meta.dirname, '..');
const columns = 92;
const { NO_COLOR, FORCE_COLOR, CI, COLUMNS, LINES, ...env } = process.env;
const program = [process.execPath, join(top, 'dist/main.js')];
const surroundings = {
  env: { ...env, TERM: 'xterm-256color', SHELL: '/bin/sh' },
  temporary: tmpdir(),
  signalGroup: (leader, signal) => {
    try {
      return process.kill(-leader, signal);
    } catch {
      return false;
    }
  },
};
const world = new DemoWorld(surroundings, program);
process.once('exit', () => world.cleanUp());
process.once('SIGINT', () => process.exit(130));

/** What a command writes at a terminal, in the pieces in which it came. */
function atTerminal(command, rows) {
  const line = `stty rows ${rows} cols ${columns}; exec ${command}`;
  const child = spawn('script', ['-qefc', line, '/dev/null'], {
    cwd: world.repository,
    env: { ...surroundings.env, ...world.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pieces = [];
  child.stdout.setEncoding('utf8').on('data', (piece) => pieces.push(piece));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(pieces));
  });
}
const fleet = (args, rows = 40) => atTerminal(`'${program.join("' '")}' ${args}`, rows);
const on = (hypervisor, command) =>
  atTerminal(`ssh -F "$FLEET_SSH_CONFIG" ${hypervisor} '${command}'`, 24);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The moment with the most to see: where `what` is found most often, the last of these. */
function moment(pieces, rows, what) {
  let [best, most] = [undefined, -1];
  const terminal = new Terminal(columns, rows);
  for (const piece of pieces) {
    terminal.write(piece);
    const count = terminal.text().join('\n').match(what)?.length ?? 0;
    if (count >= most) [best, most] = [terminal.copy(), count];
  }
  return best;
}

function draw(name, command, terminal, from = 0) {
  const folder = join(top, 'docs/pictures');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.svg`);
  writeFileSync(file, terminal.svg(`$ ${command}`, from));
  process.stdout.write(`${file}\n`);
}

/** Two guests change at once, so that both are seen to settle. */
const edit = (...vms) =>
  world.edit((text) =>
    vms.reduce((t, vm) => t.replace(`  ${vm}:\n`, `  ${vm}:\n    packages: [htop]\n`), text),
  );

try {
  await world.start(['hv1', 'hv2', 'hv3']);
  // Long enough to be seen.
  world.edit((text) => text.replace('settle: 1s', 'settle: 5s'));
  await fleet('apply --yes');
  edit('metrics', 'web1', 'worker');
  const applied = await fleet('apply --yes');
  const busy = moment(applied, 40, /^› .*(settled: waiting|\d of \d vms)/gm);
  // The plan stands above.
  const begun = busy.text().findIndex((line) => line.startsWith('✔'));
  draw('apply', 'fleet apply --yes', busy, begun);

  edit('db');
  await fleet('apply --yes --restart never');
  await on('hv1', 'rm "$FLEET_ROOT/sandbox/up/web2"');
  await on('hv3', 'systemctl stop microvm@worker');
  await sleep(5000);
  const status = await fleet('status');
  const terminal = new Terminal(columns, 60);
  for (const piece of status) terminal.write(piece);
  draw('status', 'fleet status', terminal);
} finally {
  await world.stop();
}
