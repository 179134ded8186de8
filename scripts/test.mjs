// npm test [-- FILE…]: the desk's tests and the lab's side by side, for a lab mostly waits: for guests to boot,
// to settle, to answer. The lab goes first where both want a processor: it has deadlines, and the desk has time.
// Ends with the slowest files, and with what failed, said once more.
// npm run coverage: the same, and fails where the desk's tests reach too little of src/ (vitest.config.ts).
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';

const filters = process.argv.slice(2).filter((word) => word !== '--coverage');
const isCovered = process.argv.includes('--coverage');
// Ctrl-C reaches both; what they print at their end is waited for.
process.on('SIGINT', () => {});
const folder = mkdtempSync(join(tmpdir(), 'fleet-test-'));
const projects = await Promise.all([
  run('desk', 'default', ...(isCovered ? ['--coverage'] : [])),
  run('lab', 'verbose'),
]);
const files = projects.flatMap(({ report }) => durations(report));
rmSync(folder, { recursive: true });

console.log('\nSlowest files:');
for (const { file, seconds } of files.sort((a, b) => b.seconds - a.seconds).slice(0, 12))
  console.log(`${seconds.toFixed(0).padStart(6)} s  ${file}`);
for (const { name, code, seconds, failures } of projects) {
  console.log(`\n${name}: ${code === 0 ? 'passed' : 'failed'} in ${Math.round(seconds)} s`);
  if (code !== 0) console.log(failures.join('\n'));
}
process.exitCode = projects.every(({ code }) => code === 0) ? 0 : 1;
if (isCovered) printCoverage();

/** Runs a project of vitest to its end and passes on each of its lines with its name before it. */
async function run(name, reporter, ...more) {
  const started = performance.now();
  const report = join(folder, `${name}.json`);
  const child = spawn(
    'nice',
    [
      ...['-n', name === 'desk' ? '5' : '0', 'vitest'],
      ...['run', '--project', name, `--reporter=${reporter}`],
      ...['--reporter=json', `--outputFile.json=${report}`, ...more],
      ...(filters.length > 0 ? ['--passWithNoTests', ...filters] : []),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const failures = [];
  const show = (stream, to) => {
    createInterface({ input: stream }).on('line', (line) => {
      if (failures.length > 0 || /Failed |ERROR: Coverage/.test(line)) failures.push(line);
      to.write(`${name.padEnd(4)} | ${line}\n`);
    });
  };
  show(child.stdout, process.stdout);
  show(child.stderr, process.stderr);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { name, code, seconds: (performance.now() - started) / 1000, failures, report };
}

function printCoverage() {
  const summary = 'coverage/coverage-summary.json';
  // Vitest removes that of the run before, and may end before it writes.
  if (!existsSync(summary)) return;
  const { lines, branches } = JSON.parse(readFileSync(summary, 'utf8')).total;
  console.log(`\nCoverage of src: ${lines.pct} % of lines, ${branches.pct} % of branches`);
}

/** Nothing where vitest ended before it could report. */
function durations(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8')).testResults.map((file) => ({
      file: relative('.', file.name),
      seconds: (file.endTime - file.startTime) / 1000,
    }));
  } catch {
    return [];
  }
}
