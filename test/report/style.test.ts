import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { styleFor } from '../../src/report/style.ts';

const stream = (isTTY: boolean) =>
  Object.assign(new PassThrough(), {
    isTTY,
    getColorDepth: () => (process.env.NO_COLOR ? 1 : 8),
    hasColors: () => !process.env.NO_COLOR,
  }) as unknown as NodeJS.WriteStream;

beforeEach(() => {
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'NODE_DISABLE_COLORS'])
    vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test('a terminal gets colours', () => {
  expect(styleFor(stream(true))('red', 'x')).toBe('\u001b[31mx\u001b[39m');
});

test('a pipe gets none', () => {
  expect(styleFor(stream(false))('red', 'x')).toBe('x');
});

test('NO_COLOR holds on a terminal', () => {
  vi.stubEnv('NO_COLOR', '1');
  expect(styleFor(stream(true))('red', 'x')).toBe('x');
});

test('FORCE_COLOR holds in a pipe', () => {
  vi.stubEnv('FORCE_COLOR', '1');
  expect(styleFor(stream(false))('red', 'x')).toBe('\u001b[31mx\u001b[39m');
});
