import { expect, test } from 'vitest';
import type { EventBody } from '../../src/model/events.ts';
import { plainReporter } from '../../src/report/plain.ts';

function lines(...events: EventBody[]): string[] {
  const written: string[] = [];
  const emit = plainReporter((text) => written.push(text));
  for (const event of events) emit(event);
  return written;
}
const hypervisor = 'hv1';

test('every line is whole and names its hypervisor', () => {
  expect(
    lines(
      { type: 'hypervisor', hypervisor, state: 'begin' },
      { type: 'step', hypervisor, step: 'build', state: 'begin' },
      { type: 'output', hypervisor, line: 'building web1' },
      { type: 'step', hypervisor, step: 'build', state: 'done', ms: 1234 },
      { type: 'note', hypervisor, text: 'web1: new runner, restarting' },
      {
        type: 'checks',
        hypervisor,
        target: 'web1',
        state: 'passed',
        checks: ['tap', 'answers'].map((check) => ({
          target: 'web1',
          check,
          ok: true,
          expected: '',
          seen: '',
        })),
      },
      { type: 'step', hypervisor, step: 'update web2', state: 'failed', ms: 60_000 },
      { type: 'hypervisor', hypervisor, state: 'end', outcome: 'rolled-back' },
    ),
  ).toEqual([
    'hv1: build\n',
    'hv1:   building web1\n',
    'hv1: build: done (1.2 s)\n',
    'hv1: web1: new runner, restarting\n',
    'hv1: web1 healthy: tap, answers\n',
    'hv1: update web2: failed (60.0 s)\n',
    'hv1: rolled back\n',
  ]);
});

test('what a step prints is shown as it is', () => {
  expect(lines({ type: 'output', hypervisor, line: '\tat main.c:3' })).toEqual([
    'hv1:   \tat main.c:3\n',
  ]);
});

test('a check that is waited for is told of after ten seconds, and every ten from then on', () => {
  const check = { target: 'web1', check: 'answers', ok: false, expected: 'ping', seen: 'none' };
  const waiting = (ms: number): EventBody => ({
    type: 'checks',
    hypervisor,
    target: 'web1',
    state: 'waiting',
    checks: [check],
    ms,
    limitMs: 30_000,
  });
  const settling = { ...waiting(12_345), checks: [{ ...check, check: 'settled' }] } as EventBody;
  const every = Array.from({ length: 25 }, (_, n) => waiting(n * 1001));
  expect(lines(...every, waiting(200), settling, waiting(100))).toEqual([
    'hv1: web1 answers: waiting, 10 s of 30 s (expected ping, seen none)\n',
    'hv1: web1 answers: waiting, 20 s of 30 s (expected ping, seen none)\n',
    'hv1: web1 settled: waiting, 12 s of 30 s (expected ping, seen none)\n',
  ]);
});

test('what is about no hypervisor stands alone, what failed says so, and programs have the rest', () => {
  const failure = { code: 'x', message: 'web1 is not healthy', blames: 'commit' } as const;
  expect(
    lines(
      { type: 'phase', phase: 'survey' },
      { type: 'warning', text: 'fleet.yaml was edited' },
      { type: 'failure', hypervisor, failure },
      { type: 'checks', hypervisor, target: 'web1', state: 'failed', checks: [] },
      { type: 'git', remote: 'origin', step: 'push', state: 'begin' },
      { type: 'git', remote: 'origin', step: 'push', state: 'done', ms: 100 },
      { type: 'result', result: {} },
    ),
  ).toEqual([
    'fleet.yaml was edited\n',
    'hv1: failed: web1 is not healthy\n',
    'origin: push\n',
    'origin: push: done (0.1 s)\n',
  ]);
});
