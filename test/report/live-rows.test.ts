import { expect, test } from 'vitest';
import type { EventBody } from '../../src/model/events.ts';
import { LiveRows } from '../../src/report/live-rows.ts';

const hypervisor = 'hv1';
const step = (step: string, state: 'begin' | 'done'): EventBody => ({
  ...{ type: 'step', hypervisor, step, state },
});
const look = (target: string, state: 'waiting' | 'passed', check = 'settled'): EventBody => ({
  ...{ type: 'checks', hypervisor, target, state, ms: 3000, limitMs: 15_000 },
  checks: [{ target, check, ok: state === 'passed', expected: 'x', seen: 'y' }],
});
const failure = { code: 'x', message: 'web2 is not healthy', blames: 'commit' } as const;

/** What is said of hv1 after each of these, a second apart. */
function told(...events: EventBody[]): (string | undefined)[] {
  const rows = new LiveRows([hypervisor], 0);
  return events.map((event, n) => {
    rows.heed(event, n * 1000);
    return rows.rows(n * 1000 + 500, 10).find(({ text }) => text.startsWith('hv1: '))?.text;
  });
}

test('guests that come up side by side are all told of, and how many of them are up', () => {
  const targets = ['web1', 'web2', 'web3'];
  expect(
    told(
      { type: 'phase', hypervisor, phase: 'guests', targets },
      step('update web1', 'begin'),
      step('update web1', 'done'),
      look('web1', 'passed'),
      step('update web2', 'begin'),
      step('update web2', 'done'),
      look('web2', 'waiting'),
      step('update web3', 'begin'),
      look('web2', 'waiting'),
      look('web2', 'passed'),
      { type: 'phase', hypervisor, phase: 'verify' },
      step('update web3', 'done'),
      { type: 'note', hypervisor, text: 'healthy, waiting for the others' },
    ),
  ).toEqual([
    'hv1: 0 of 3 vms; at work',
    'hv1: 0 of 3 vms; update web1, 0 s',
    'hv1: 0 of 3 vms; at work',
    'hv1: 1 of 3 vms; web1 is healthy',
    'hv1: 1 of 3 vms; update web2, 0 s',
    'hv1: 1 of 3 vms; at work',
    'hv1: 1 of 3 vms; web2 settled: waiting, 3 s of 15 s',
    'hv1: 1 of 3 vms; web2 settled: waiting, 3 s of 15 s; update web3, 0 s',
    'hv1: 1 of 3 vms; web2 settled: waiting, 3 s of 15 s; update web3, 1 s',
    'hv1: 2 of 3 vms; update web3, 2 s',
    'hv1: update web3, 3 s',
    'hv1: at work',
    'hv1: healthy, waiting for the others',
  ]);
});

test('once something failed nobody looks at the others any more: the reason stands beside what is done about it', () => {
  expect(
    told(
      look('web1', 'waiting'),
      { type: 'failure', hypervisor, failure },
      step('roll back', 'begin'),
      { type: 'hypervisor', hypervisor, state: 'end', outcome: 'rolled-back', failure },
    ),
  ).toEqual([
    'hv1: web1 settled: waiting, 3 s of 15 s',
    'hv1: at work  web2 is not healthy',
    'hv1: roll back, 0 s  web2 is not healthy',
    'hv1: web2 is not healthy',
  ]);
});
