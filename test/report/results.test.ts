import { expect, test } from 'vitest';
import type { CheckResult } from '../../src/model/check-result.ts';
import { FleetError } from '../../src/model/errors.ts';
import { checksText } from '../../src/report/checks-text.ts';
import { operationText } from '../../src/report/operation-text.ts';
import { resultText } from '../../src/report/result-text.ts';
import { noStyle } from '../../src/report/style.ts';

test('a result says what failed, the last remote lines, what to do, and what was put back', () => {
  const failure = new FleetError('verify.not-healthy', 'web2 is not healthy after 60 s', {
    detail: 'web2 answers: expected ping, seen no answer\nsecond line',
    hint: 'Look at its console.',
  });
  expect(
    resultText(
      [
        {
          hypervisor: 'hv1',
          outcome: 'rolled-back',
          lines: ['web2 is on its previous runner', 'two\nlines'],
          failure,
        },
        { hypervisor: 'hv2', outcome: 'done', lines: ['web3 created'] },
      ],
      noStyle,
    ),
  ).toMatchInlineSnapshot(`
    "hv1  failed, rolled back
      web2 is not healthy after 60 s
        | web2 answers: expected ping, seen no answer
        | second line
      Look at its console.
      after the roll-back:
        web2 is on its previous runner
        two
        lines
    hv2  done
      web3 created
    "
  `);
});

test('a vm that was left alone says because of which', () => {
  const at = { hypervisor: 'hv1', ms: 0, checks: [] };
  const failure = new FleetError('verify.not-healthy', 'web1 is not healthy after 60 s');
  const because = 'web1, which it needs, failed';
  const results = [
    { ...at, name: 'web1', outcome: 'failed', failure },
    { ...at, name: 'db', outcome: 'untouched', because },
  ] as const;
  expect(operationText('start', results, noStyle)).toContain(`\ndb    untouched: ${because}\n`);
});

test('a failure that changed nothing does not claim to have put anything back', () => {
  const failure = new FleetError('build.failed', 'build failed on hv1');
  const text = resultText(
    [{ hypervisor: 'hv1', outcome: 'untouched', lines: [], failure }],
    noStyle,
  );
  expect(text).toBe('hv1  failed, untouched\n  build failed on hv1\n');
});

test('a roll-back that failed stands out', () => {
  const failure = new FleetError('x', 'update web1 failed');
  const lines = ['web1 is on its previous runner: FAILED: link lost'];
  expect(
    resultText([{ hypervisor: 'hv1', outcome: 'rollback-failed', lines, failure }], noStyle),
  ).toMatch(/^hv1 {2}failed, ROLL BACK FAILED\n(.*\n)* {2}Check: fleet verify --on hv1/);
});

test('checks are a line a target when well, and expected and seen when not', () => {
  const check = (target: string, name: string, seen?: string): CheckResult => ({
    target,
    check: name,
    ok: seen === undefined,
    expected: 'ping',
    seen: seen ?? 'ping',
  });
  const checks = [
    check('web1', 'current'),
    check('web2', 'tap'),
    check('web1', 'answers'),
    check('web2', 'answers', 'no answer'),
  ];
  expect(checksText(checks, noStyle)).toMatchInlineSnapshot(`
    "ok    web1  current, answers
    FAIL  web2
          answers: expected ping
                   seen     no answer
    1 of 4 checks failed.
    "
  `);
  expect(checksText(checks.slice(0, 2), noStyle)).toContain('All 2 checks passed.');
});

test('a pending restart says since when, within 80 columns, and notes fail nothing', () => {
  const checks: CheckResult[] = [
    { target: 'web1', check: 'restart pending', ok: true, expected: 'none', seen: 'none' },
    {
      target: 'web2',
      check: 'restart pending',
      ok: false,
      expected: 'none',
      seen: 'current differs from booted for 3 h 12 min: a reboot would boot it',
    },
  ];
  const notes = [
    {
      target: 'pet',
      text: 'current differs from booted for 2 d: a reboot would boot it (fleet.yaml does not have it here)',
    },
  ];
  expect(checksText(checks, noStyle, notes)).toMatchInlineSnapshot(`
    "ok    web1  no restart pending
    FAIL  web2
          restart pending: expected none
                           seen     current differs from booted for 3 h 12 min: a
                                    reboot would boot it
    note  pet  current differs from booted for 2 d: a reboot would boot it
               (fleet.yaml does not have it here)
    1 of 2 checks failed.
    "
  `);
  expect(checksText(checks.slice(0, 1), noStyle, notes)).toContain('All 1 checks passed.');
});
