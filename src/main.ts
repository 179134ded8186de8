#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { keepCompiled } from './cli/compile-cache.ts';

// The only place that ends the process. Nothing is loaded here that `--version` does not need.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const args = process.argv.slice(2);

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`fleet needs Node 22.18 or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 1;
} else if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  process.stdout.write(`${(JSON.parse(text) as { version: string }).version}\n`);
} else {
  keepCompiled(process.env);
  const { guard } = await import('./report/guard.ts');
  guard(process.stdout);
  guard(process.stderr);
  const interrupt = new AbortController();
  let signalCode = 0;
  const onSignal = (code: number) => () => {
    // A second one does not wait: what was armed on hypervisors puts them back by itself.
    if (interrupt.signal.aborted) {
      // The live list hides the cursor.
      if (process.stderr.isTTY) process.stderr.write('\x1b[?25h');
      process.exit(code);
    }
    signalCode = code;
    // Whatever runs says what becomes of it.
    interrupt.abort();
  };
  process.on('SIGINT', onSignal(130));
  process.on('SIGTERM', onSignal(143));
  // The terminal was closed: what was changed is rolled back all the same.
  process.on('SIGHUP', onSignal(129));
  const { mindOutput } = await import('./cli/output.ts');
  const isLost = mindOutput(process.stdout, process.stderr);
  const code = await (await import('./cli/program.ts')).run(args, interrupt.signal);
  // Done all the same, a roll-back that failed (4), or a part of the fleet that keeps the new commit (6) says more
  // than that somebody asked to stop.
  const ends = [0, 4, 6].includes(code) ? code : signalCode || code;
  // Connections are closed by now; a hung socket of a dead hypervisor must not keep us. A write that failed is told of
  // after its callback.
  process.stdout.write('', () => setImmediate(() => process.exit(ends || (isLost() ? 1 : 0))));
}
