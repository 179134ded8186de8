import { expect, test } from 'vitest';
import type { PastDeployment } from '../../src/model/past-deployment.ts';
import type { PastOperation } from '../../src/model/past-operation.ts';
import { byTime, historyText } from '../../src/report/history-text.ts';
import { noStyle } from '../../src/report/style.ts';

const deployment = (more: Partial<PastDeployment> = {}): PastDeployment => ({
  id: '20251009-085320-abcd',
  fleet: 'example',
  operator: 'ada@desk',
  operation: 'apply',
  started: 1_760_000_000,
  commit: 'c0ffee00'.repeat(5),
  branch: 'main',
  decided: 'confirmed',
  result: 'done',
  ended: 1_760_000_042,
  steps: [],
  before: new Map([
    ['system.', '/nix/store/old-system'],
    ['web1', '/nix/store/old-web1'],
    ['web2', '/nix/store/same'],
  ]),
  after: new Map([
    ['system.', '/nix/store/new-system'],
    ['web1', '/nix/store/new-web1'],
    ['web2', '/nix/store/same'],
    ['new1', '/nix/store/new1'],
  ]),
  targets: ['web1', 'web2', 'new1'],
  failure: undefined,
  ...more,
});
const text = (...deployments: PastDeployment[]) =>
  historyText(
    deployments.map((d) => ({ hypervisor: 'hv1', deployment: d })),
    noStyle,
  );

test('a deployment is two lines: when, what and how it went; who, and what it brought', () => {
  const back = deployment({ result: 'rolled-back', after: new Map() });
  const rollback = deployment({ operation: 'rollback', commit: undefined, targets: [] });
  expect(text(deployment(), back, rollback)).toMatchInlineSnapshot(`
    "2025-10-09 08:53 UTC  hv1  apply c0ffee00  done after 42 s
      20251009-085320-abcd by ada@desk: hv1, web1, new1
    2025-10-09 08:53 UTC  hv1  apply c0ffee00  rolled back after 42 s
      20251009-085320-abcd by ada@desk: web1, web2, new1
    2025-10-09 08:53 UTC  hv1  rollback  done after 42 s
      20251009-085320-abcd by ada@desk: hv1, web1, new1
    "
  `);
});

test('one that is going on has not ended', () => {
  const open = deployment({ result: undefined, ended: undefined, after: new Map() });
  expect(text(open, open)).toContain('apply c0ffee00  not ended\n');
});

test('one deployment is told with its steps, on each hypervisor', () => {
  const step = (number: string | undefined, name: string, ended?: number, code?: number) => ({
    number,
    name,
    began: 1_760_000_000,
    ended: ended === undefined ? undefined : 1_760_000_000 + ended,
    code,
  });
  const steps = [
    step('001', 'build', 12, 0),
    step('002', 'vm-update', 3, 1),
    { ...step('003', 'repair', 1, 0), about: 'link br-front' },
    step('004', 'switch'),
    step(undefined, 'way-back', 5),
  ];
  expect(text(deployment({ steps }))).toMatchInlineSnapshot(`
    "2025-10-09 08:53 UTC  hv1  apply c0ffee00  done after 42 s
      20251009-085320-abcd by ada@desk: hv1, web1, new1
        001 build: ok, 12 s
        002 vm-update: failed (1), 3 s
        003 repair link br-front: ok, 1 s
        004 switch: began, and did not end
            way-back: ok, 5 s
    "
  `);
  expect(text(deployment({ steps }), deployment({ steps })).match(/001 build/g)).toHaveLength(2);
  expect(text(deployment({ steps }), deployment({ id: 'other', steps }))).not.toContain('build');
});

test('what failed says why: in a line among others, and in full when it is the only one', () => {
  const failure = {
    code: 'verify.not-healthy',
    message: 'db1 is not healthy after 40 s',
    blames: 'commit',
    hypervisor: 'hv2',
    target: 'db1',
    checks: [{ target: 'db1', check: 'tcp 5432', expected: 'connects', seen: 'refused' }],
    lines: ['microvm@db1: no such disk'],
  };
  const failed = deployment({ result: 'rolled-back', after: new Map(), targets: [], failure });
  expect(text(failed, deployment({ id: 'other' }))).toContain(
    '\n    hv2: db1 is not healthy after 40 s [verify.not-healthy]\n2025',
  );
  expect(text(failed)).toMatchInlineSnapshot(`
    "2025-10-09 08:53 UTC  hv1  apply c0ffee00  rolled back after 42 s
      20251009-085320-abcd by ada@desk
        hv2: db1 is not healthy after 40 s [verify.not-healthy]
          db1 tcp 5432: expected connects, seen refused
          | microvm@db1: no such disk
    "
  `);
});

test('what failed to go back stands out', () => {
  const red: string[] = [];
  historyText(
    [{ hypervisor: 'hv1', deployment: deployment({ result: 'rollback-failed' }) }],
    (format, words) => {
      if (format === 'red') red.push(words);
      return words;
    },
  );
  expect(red).toEqual(['rollback failed']);
});

test('an operation on a vm stands among deployments, by its time', () => {
  const operation: PastOperation = {
    ...{ id: '20251009-090000-abcd-web1', operator: 'eve@desk', kind: 'stop', vm: 'web1' },
    ...{ started: 1_760_000_400, ended: 1_760_000_402, result: 'done', isKilled: true },
    failure: undefined,
  };
  const entries = byTime(
    [{ hypervisor: 'hv1', deployment: deployment() }],
    [{ hypervisor: 'hv1', operation }],
  );
  expect(historyText(entries, noStyle)).toMatchInlineSnapshot(`
    "2025-10-09 09:00 UTC  hv1  stop web1  done, killed after 2 s
      20251009-090000-abcd-web1 by eve@desk
    2025-10-09 08:53 UTC  hv1  apply c0ffee00  done after 42 s
      20251009-085320-abcd by ada@desk: hv1, web1, new1
    "
  `);
});

test('fits a terminal of 80 columns, also in a story, which has it further to the right', () => {
  const many = new Map([...'abcdefghijkl'].map((c) => [`web-${c}`, `/nix/store/${c}`] as const));
  const failed = deployment({
    result: 'rolled-back',
    failure: {
      code: 'verify.failed',
      message: `web1 is not as it should be: ${'it does not answer, '.repeat(10)}after 90 s`,
      hypervisor: 'hv2',
      checks: [{ target: 'web1', check: 'run', expected: 'exit 0', seen: 'no word '.repeat(20) }],
      lines: [],
    } as unknown as PastDeployment['failure'],
  });
  const shown = text(failed) + text(deployment({ after: many }));
  for (const line of shown.split('\n')) expect(line.length, line).toBeLessThanOrEqual(78);
  expect(shown).toContain(' [verify.failed]\n');
});
