import { setTimeout as sleep } from 'node:timers/promises';
import type { EventBody } from '../../src/model/events.ts';
import { guard } from '../../src/report/guard.ts';
import { terminalReporter } from '../../src/report/terminal.ts';

// A deployment as somebody at a terminal sees it: node play.ts HYPERVISORS. It waits where something is to be seen.

const hypervisors = Array.from({ length: Number(process.argv[2]) }, (_, i) => `hv${i + 1}`);
const rest = hypervisors.slice(2);
guard(process.stderr);
const { emit, finish } = terminalReporter(hypervisors, process.stderr);
/** Until the reader says to go on: one byte on standard input. */
const seen = async (name: string) => {
  process.stdout.write(`\u001b]${name}\u0007`);
  await sleep(50);
};
const step = (hypervisor: string, step: string, state: 'begin' | 'done' | 'failed', ms?: number) =>
  emit({ type: 'step', hypervisor, step, state, ...(ms && { ms }) });
const checks = [
  { target: 'web1', check: 'answers', ok: false, expected: 'ping', seen: 'no answer' },
];

emit({ type: 'git', remote: 'origin', step: 'commit and push to main', state: 'begin' });
await seen('pushing');
emit({ type: 'git', remote: 'origin', step: 'commit and push to main', state: 'done', ms: 200 });
for (const hypervisor of ['hv1', 'hv2', ...rest.slice(0, 20)])
  emit({ type: 'hypervisor', hypervisor, state: 'begin' });
step('hv1', 'build', 'begin');
emit({ type: 'output', hypervisor: 'hv1', line: "building '/nix/store/x'\u001b[2J" });
await seen('building');
step('hv1', 'build', 'done', 1900);
step('hv2', 'update web1', 'done', 800);
emit({
  ...{ type: 'checks', hypervisor: 'hv2', target: 'web1', state: 'waiting' },
  ...{ checks, ms: 12_000, limitMs: 30_000 },
} as EventBody);
await seen('waiting');
const failure = {
  code: 'verify.not-healthy',
  message: 'web1 is not healthy after 30 s',
  blames: 'commit',
  checks,
} as const;
emit({ type: 'failure', hypervisor: 'hv2', failure });
step('hv2', 'roll back', 'begin');
emit({
  type: 'deployment',
  operation: 'apply',
  id: '20261129-112000-abcd',
  operator: 'a',
  hypervisors,
  confirm: 60_000,
});
emit({ type: 'cancelling', within: 60_000 });
await seen('failed');
step('hv2', 'roll back', 'done', 1000);
emit({ type: 'hypervisor', hypervisor: 'hv1', state: 'end', outcome: 'done' });
emit({ type: 'hypervisor', hypervisor: 'hv2', state: 'end', outcome: 'rolled-back', failure });
for (const hypervisor of rest)
  emit({ type: 'hypervisor', hypervisor, state: 'end', outcome: 'untouched' });
await seen('ended');
finish();
process.stdout.write('hv1  done\n');
