import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellQuote } from '../../src/model/shell-quote.ts';

function throughSh(words: readonly string[]): string[] {
  const script = `printf '%s\\0' ${words.map(shellQuote).join(' ')}`;
  const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  return stdout.split('\0').slice(0, -1);
}

test('any word comes out of sh as it went in', () => {
  const nasty = fc.constantFrom(
    "'",
    '"',
    '\\',
    '$(id)',
    '`id`',
    '\n',
    '*',
    '-n',
    '!',
    '~',
    '%s',
    'é😀',
  );
  const word = fc.oneof(
    fc.array(fc.oneof(nasty, fc.string({ maxLength: 3 })), { maxLength: 8 }).map((p) => p.join('')),
    fc.string({ unit: 'grapheme' }),
  );
  const words = fc.array(
    word.map((w) => w.replaceAll('\0', '')),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(words, (list) => {
      expect(throughSh(list)).toEqual(list);
    }),
    { numRuns: 200 },
  );
});

test('plain words stay readable', () => {
  expect(shellQuote('/nix/store/a-b_1.drv')).toBe('/nix/store/a-b_1.drv');
  expect(shellQuote('')).toBe("''");
  expect(shellQuote("it's")).toBe("'it'\\''s'");
});

test('a NUL is refused: no argument of a process can hold one', () => {
  expect(() => shellQuote('a\0b')).toThrow(TypeError);
});
