import { expect, test } from 'vitest';
import type { Emit, Event, EventBody } from '../../src/model/events.ts';
import { stamping } from '../../src/model/stamp.ts';

function stamped(...bodies: Parameters<Emit>[0][]): Event[] {
  const events: Event[] = [];
  let now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  const emit = stamping((event) => events.push(event), { now: () => now++ }, 'id-1');
  for (const body of bodies) emit(body);
  return events;
}
const line = (hypervisor: string, text = 'x'): EventBody => ({
  type: 'output',
  hypervisor,
  line: text,
});

test('every event has version, time and deployment', () => {
  expect(stamped(line('hv1'), line('hv1'))).toEqual(
    ['678', '679'].map((ms) => ({
      version: 1,
      time: `2026-01-02T03:04:05.${ms}Z`,
      deployment: 'id-1',
      phase: 'survey',
      ...line('hv1'),
    })),
  );
});

test('what is about an operation on a vm is about no deployment, also beside one', () => {
  const [event] = stamped({ ...line('hv1'), operationId: 'id-2' });
  expect(event).toMatchObject({ deployment: null, operationId: 'id-2' });
});

test('a phase is that of the hypervisor, and ends with one that is about everything', () => {
  const phases = stamped(
    { type: 'phase', phase: 'lock' },
    { type: 'phase', phase: 'build', hypervisor: 'hv1' },
    line('hv1'),
    line('hv2'),
    { type: 'note', text: 'of all' },
    { type: 'phase', phase: 'record' },
    line('hv1'),
  ).map(({ phase }) => phase);
  expect(phases).toEqual(['lock', 'build', 'build', 'lock', 'lock', 'record', 'record']);
});

test('text of others is cut and printable, whatever tells it', () => {
  const long = `\u001b[2J${'x'.repeat(100_000)}`;
  const check = { target: 'web1', check: 'run', ok: false, expected: 'exit 0', seen: long };
  const failure = {
    code: 'x',
    message: 'no',
    blames: 'world',
    detail: long,
    checks: Array(200).fill(check),
  } as const;
  const events = stamped(
    line('hv1', long),
    { type: 'note', text: long },
    { type: 'checks', hypervisor: 'hv1', target: 'web1', state: 'failed', checks: failure.checks },
    { type: 'failure', hypervisor: 'hv1', failure },
    { type: 'hypervisor', hypervisor: 'hv1', state: 'end', outcome: 'rolled-back', failure },
  );
  for (const event of events) {
    const text = JSON.stringify(event);
    expect(text.length, event.type).toBeLessThan(64_000);
    expect(text).not.toContain('\\u001b');
  }
});

test('a check is told without what a plan makes of it', () => {
  const check = { target: 'web1', check: 'tap', ok: true, expected: 'up', seen: 'up' };
  const fault = { code: 'tap', says: 'its TAP is down' };
  const checks = [{ ...check, fault }];
  const [event] = stamped({
    type: 'checks',
    hypervisor: 'hv1',
    target: 'web1',
    state: 'passed',
    checks,
  });
  expect(event).toMatchObject({ checks: [check] });
  expect(JSON.stringify(event)).not.toContain('fault');
});
