// `fleet plan --offline` against reading the same text with yaml and starting Node, and the memory it takes.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sandboxLock } from '../src/sandbox/flake-lock.ts';
import { fleetOf } from './fleet-of.ts';
import { inTurn, once, peakMiB, show } from './measure.ts';

const fleet = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'fleet-bench-'));
const parse = `import('${import.meta.resolve('yaml')}').then(({ parseDocument }) => {
  const text = require('node:fs').readFileSync('fleet.yaml', 'utf8');
  const started = performance.now();
  parseDocument(text, { uniqueKeys: false });
  console.log((performance.now() - started) / 1000);
})`;

try {
  for (const vms of [100, 1000, 10_000]) {
    const at = join(folder, String(vms));
    execFileSync('git', ['init', '-q', at]);
    writeFileSync(join(at, 'fleet.yaml'), fleetOf(vms));
    once([process.execPath, fleet, '-C', at, 'render']);
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', at, '-c', 'user.name=b', '-c', 'user.email=b@b', ...args], {
        stdio: 'ignore',
      });
    writeFileSync(join(at, 'flake.lock'), sandboxLock);
    git('add', '-A');
    git('commit', '-qm', 'bench');
    const [plan, node, yaml] = inTurn(vms > 1000 ? 3 : 7, [
      () => once([process.execPath, fleet, '-C', at, 'plan', '--offline']),
      () => once([process.execPath, '-e', '0']),
      () => Number(execFileSync(process.execPath, ['-e', parse], { cwd: at, encoding: 'utf8' })),
    ]);
    if (!plan || !node || !yaml) throw new Error('nothing measured');
    console.log(`${vms} vms on ${vms / 10} hypervisors`);
    console.log(show('  fleet plan --offline', plan));
    console.log(show('  yaml.parseDocument', yaml));
    console.log(show('  node -e 0', node));
    console.log(
      `  memory at most: ${peakMiB([fleet, '-C', at, 'plan', '--offline'])} MiB (at most 1024)`,
    );
    console.log(
      `  (plan - node) / parse: ${((plan.median - node.median) / yaml.median).toFixed(2)} (at most 3)`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
