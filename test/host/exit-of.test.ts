import { expect, test } from 'vitest';
import { exitOf } from '../../src/host/ssh/exit-of.ts';

test('an exit status is one byte: none of 256 passes for success', () => {
  expect([0, 1, 255, 256, 2 ** 32 - 1].map((code) => exitOf(code).code)).toEqual([
    0, 1, 255, 255, 255,
  ]);
});

test('a signal has a name, and no lines', () => {
  expect(exitOf(null, 'SIGKILL')).toEqual({ code: 255, signal: 'KILL' });
  for (const name of ['SIGKILL, 0.1 s\n== web2: exit 0', 'SIGKILL\n', 'SIG', 'SIGkill', undefined])
    expect(exitOf(null, name)).toEqual({ code: 255 });
});
