import { expect, test } from 'vitest';
import { missingFrom, turnsOf } from './transcript.ts';

const of = (language: string, text: string) => ({ where: '', language, text });

test('a transcript is taken apart at its prompts, another block is typed as a whole', () => {
  expect(turnsOf(of('console', '$ fleet plan\nhv1\n  · web1\n\n$ echo $?\n3'))).toEqual([
    { command: 'fleet plan', shows: ['hv1', '  · web1'] },
    { command: 'echo $?', shows: ['3'] },
  ]);
  expect(turnsOf(of('sh', 'cat <<E\n$ x\nE'))).toEqual([{ command: 'cat <<E\n$ x\nE', shows: [] }]);
});

const screen = `hv1: build: done (11.9 s)
hv1: web1 healthy: current, booted
  More: fleet logs web1 --deployment 20261129-175014-3c78
  /nix/store/b4jv4dh7f7m2q1ym992xi7wd2ay9i484-web1

web1   Ready  7f17c436  70.2G  <1 min  root@vm
Plan: 2 files, 1 to switch.
`;

test('times, sizes and ids may differ, dots stand for anything', () => {
  const shows = [
    'hv1: build: done (2 min)',
    'hv1: … healthy: …booted',
    '  More: fleet logs web1 --deployment 20261121-163702-1f3c',
    '  /nix/store/a4jv4dh7f7m2q1ym992xi7wd2ay9i484-web1',
    '',
    'web1  Ready  1b16c103  1M  3 d  you@desk',
    'Plan: 2 files, 1 to switch.',
  ];
  expect(missingFrom(shows, screen)).toBeUndefined();
  expect(missingFrom(['…', 'web1  Ready  …', '…'], screen)).toBeUndefined();
});

test.each([
  ['a word', 'hv1: build: failed (11.9 s)', 'hv1: build: failed (11.9 s)'],
  ['a count', '…\nPlan: 3 files, 1 to switch.', 'Plan: 3 files, 1 to switch.'],
  ['an order', '…\nPlan: …\nhv1: build: done …', 'hv1: build: done …'],
  ['an end', 'hv1: build: done …', 'more follows than it shows'],
  ['a line between', 'hv1: build: done …\n  More: …\n…', '  More: …'],
  ['a special character', '…\nPlan: 2 files, 1 to switch!', 'Plan: 2 files, 1 to switch!'],
])('%s that differs is named', (_, shows, missing) => {
  expect(missingFrom(shows.split('\n'), screen)).toBe(missing);
});
