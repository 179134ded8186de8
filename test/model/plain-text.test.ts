import { describe, expect, it } from 'vitest';
import { plainJson, plainLine, plainText, quotedText } from '../../src/model/plain-text.ts';

const esc = '\u001b[2J';

describe('text of others', () => {
  it('keeps words, line breaks and tabs as they are', () => {
    expect(plainText('żółć 🙂\n\tzwei\r\ndrei')).toBe('żółć 🙂\n\tzwei\ndrei');
  });

  it.each([
    ['a control sequence', esc],
    ['C1', '\u009b2J'],
    ['delete', '\u007f'],
    ['a carriage return', 'x\ry'],
    ['bidi overrides', '\u202e\u2066\u200f\u061c'],
    ['line separators', '\u2028\u2029'],
    ['half of a pair', 'x\ud800y'],
    ['the other half', 'x\udc00y'],
  ])('shows a dot for %s', (_, text) => {
    const shown = plainText(text);
    expect(shown).toContain('·');
    expect(shown).toMatch(/^[\P{C}\n\t]*$/u);
    expect(shown).not.toMatch(/[\u2028\u2029]/);
  });

  it('loses its colours, and nothing that only looks like one', () => {
    expect(plainText('git: 1 → 2, \u001b[31;1m+1.2 MiB\u001b[0m')).toBe('git: 1 → 2, +1.2 MiB');
    expect(plainText('\u001b\u001b[1m[31mx \u001b[31 m')).toBe('·[31mx ·[31 m');
  });

  it('is on one line where there is room for one only', () => {
    expect(plainLine(`ok\n::error::\t${esc}`)).toBe('ok ::error:: ·[2J');
  });

  it('cuts what is too long, never in the midst of a character', () => {
    expect(plainLine('x'.repeat(501))).toBe(`${'x'.repeat(499)}…`);
    expect(plainLine('🙂'.repeat(300)).isWellFormed()).toBe(true);
  });

  it('stands behind a mark, each line of it', () => {
    expect(quotedText('one\n\n  ::error::two\n\n')).toBe('| one\n| \n|   ::error::two');
  });

  it('is an escape in JSON, and the same value', () => {
    const value = { a: `${esc}\u009b\u202e\u2028\ud800` };
    const json = plainJson(JSON.stringify(value));
    expect(json).toMatch(/^[\u0020-\u007e]*$/);
    expect(JSON.parse(json)).toEqual(value);
  });

  it('takes time in proportion to its length', () => {
    const began = performance.now();
    quotedText(`${' '.repeat(2_000_000)}x${'\u001b'.repeat(2_000_000)}`, 10_000_000);
    plainText('\r'.repeat(2_000_000), 10_000_000);
    expect(performance.now() - began).toBeLessThan(3000);
  });
});
