import { describe, expect, test } from 'vitest';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import { diagnosticsText } from '../../src/report/diagnostics-text.ts';

const at = (line: number, column: number, more: Partial<Diagnostic> = {}): Diagnostic => ({
  code: 'E000',
  severity: 'error',
  message: 'wrong',
  file: 'fleet.yaml',
  line,
  column,
  length: 1,
  path: '',
  ...more,
});

const show = (found: Diagnostic, source: string): string[] =>
  diagnosticsText([found], source, { color: false }).split('\n');

test('a store path is in one line, to be copied; no other word is that long', () => {
  const path = `/nix/store/0123456789abcdfghijklmnpqrsvwxyz-${'long-name-'.repeat(6)}.drv`;
  const of = (message: string) => show(at(1, 1, { message }), 'x');
  expect(of(`web1: builder for '${path}' failed`)).toContain(`  '${path}'`);
  for (const line of of('y'.repeat(300))) expect(line.length).toBeLessThanOrEqual(80);
});

describe('the caret is under what is meant', () => {
  const under = (source: string, column: number, length = 1): string => {
    const [, line = '', carets = ''] = show(at(1, column, { length }), source);
    // What a terminal shows above the carets; wide characters are doubled to line up.
    const wide = line.replace(/[\u4e00-\u9fff😀]/gu, '$&$&');
    const start = carets.indexOf('^');
    return [...wide].slice(start, carets.length).join('');
  };

  test('in plain text', () => expect(under('memory: 2GiB', 9, 4)).toBe('2GiB'));
  test('after wide characters', () => expect(under('名前: x', 5)).toBe('x'));
  test('after an emoji', () => expect(under('a😀: x', 5)).toBe('x'));
  test('after a tab', () => expect(under('\tx', 2)).toBe('x'));
  test('at the end of a long line', () => expect(under(`${'a'.repeat(500)}X`, 501)).toBe('X'));
  test('in the middle of a very long line', () => {
    expect(under(`${'a'.repeat(5000)}XY${'a'.repeat(5000)}`, 5001, 2)).toBe('XY');
  });
  test('after a byte order mark', () => expect(under('\ufeffx', 1)).toBe('x'));
  test('with Windows line breaks', () => {
    expect(show(at(2, 1), 'one\r\ntwo\r\n').slice(1, 4)).toEqual([
      '  1 | one',
      '> 2 | two',
      '    | ^',
    ]);
  });
});

test('a diagnostic of the file as a whole has no frame', () => {
  expect(show(at(0, 0, { hint: 'look' }), 'text')).toEqual([
    'fleet.yaml error E000 wrong',
    '  hint: look',
    '',
  ]);
});

test('a line beyond the text has no frame', () => {
  expect(show(at(9, 1), 'text')).toEqual(['fleet.yaml:9:1 error E000 wrong', '']);
});

test('words longer than the screen are broken', () => {
  const lines = show(at(1, 1, { message: 'x'.repeat(300), hint: 'y'.repeat(300) }), 'text');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('colours are only added when asked for', () => {
  const plain = diagnosticsText([at(1, 1)], 'text', { color: false });
  const colored = diagnosticsText([at(1, 1)], 'text', { color: true });
  expect(plain).not.toContain('\u001b');
  expect(colored).toContain('\u001b[31m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
  expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(plain);
});

test('what could move the cursor or turn the text around is shown as a dot', () => {
  const source = 'a: "\u001b[2J\u202e\u0007"';
  expect(show(at(1, 1, { message: `\u001b[2J\nx` }), source).join('\n')).toBe(
    ['fleet.yaml:1:1 error E000 ·[2J x', '> 1 | a: "·[2J··"', '    | ^', ''].join('\n'),
  );
});
