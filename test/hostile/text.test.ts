import { expect, test } from 'vitest';
import { redact } from '../../src/model/redact.ts';
import { wrap } from '../../src/report/wrap.ts';

/** Milliseconds that work takes. */
function time(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

test.each([
  ['letters', 'x'.repeat(1_000_000)],
  ['spaces', ' '.repeat(200_000)],
  ['parentheses', '( '.repeat(200_000)],
  ['numbers', '1 '.repeat(200_000)],
])('a text of many %s is wrapped in little time', (_, text) => {
  expect(time(() => wrap(text, 4))).toBeLessThan(2000);
});

test.each([
  ['words with dots', 'a.'.repeat(500_000)],
  ['colons and slashes', 'a://'.repeat(20_000)],
  ['urls without an end', `https://${'x'.repeat(500_000)}`],
])('credentials are looked for in %s in little time', (_, text) => {
  expect(time(() => redact(text))).toBeLessThan(2000);
  expect(redact(`${text} https://ada:token@host/x`)).not.toContain('token');
});
