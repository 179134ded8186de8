import { expect, test } from 'vitest';
import { FleetError } from '../../src/model/errors.ts';
import { type ExecResult, worstOf } from '../../src/model/exec-result.ts';
import { ExecLines, execFailure, execPrefixes } from '../../src/report/exec-text.ts';

const result = (change: Partial<ExecResult>): ExecResult => ({
  name: 'web1',
  hypervisor: 'hv1',
  code: 0,
  ms: 1000,
  ...change,
});

function passed(lines: ExecLines, ...chunks: readonly (string | Buffer)[]): string {
  const all = [...chunks.map((chunk) => lines.push(Buffer.from(chunk))), lines.end()];
  return all.map((one) => (typeof one === 'string' ? one : one.toString('latin1'))).join('');
}

test('bytes of one machine leave as they came, for a program', () => {
  const bytes = Buffer.from([0, 255, 27, 10, 200]);
  expect(passed(new ExecLines('', false), bytes)).toBe(bytes.toString('latin1'));
});

test('bytes of several stand in whole lines behind their names, however they came', () => {
  const lines = new ExecLines('web1: ', false);
  const [a, b] = [Buffer.from([0x61, 0xff]), Buffer.from([0x62, 0x0a, 0x63])];
  expect(passed(lines, a, b)).toBe('web1: a\xffb\nweb1: c\n');
});

test('a terminal and a log are given text, and no command to anybody', () => {
  const lines = new ExecLines('', true);
  const text = passed(lines, '{\n  ::error::x\n', '\u001b[2Ja\tb\r\n##[group]c\n', 'é');
  expect(text).toBe('{\n  ·::error::x\n·[2Ja\tb\n##·[group]c\né\n');
});

test('a line that does not end is broken, and does not pile up', () => {
  const lines = new ExecLines('web1: ', true);
  const text = passed(lines, ...Array.from({ length: 10 }, () => 'x'.repeat(40_000)));
  expect(text.split('\n').length).toBeGreaterThan(4);
  expect(text.replaceAll(/web1: |\n/g, '')).toBe('x'.repeat(400_000));
});

test('names stand in a column, and alone there is none', () => {
  expect([...execPrefixes(['a', 'long']).values()]).toEqual(['a:    ', 'long: ']);
  expect([...execPrefixes(['a']).values()]).toEqual(['']);
});

test('the worst is the highest exit code, and 255 where fleet failed', () => {
  expect(worstOf([])).toBe(0);
  expect(worstOf([result({}), result({ code: 3 }), result({ code: 1 })])).toBe(3);
  const { code: _, ...failed } = result({ failure: new FleetError('ssh.refused', 'refused') });
  expect(worstOf([result({ code: 3 }), failed])).toBe(255);
});

test('what went wrong is said with its name, and an exit code alone only among several', () => {
  expect(execFailure(result({ code: 3 }), true)).toBe('');
  expect(execFailure(result({ code: 3 }), false)).toBe('web1: exit 3\n');
  expect(execFailure(result({ code: 255, signal: 'KILL' }), true)).toBe('web1: ended by SIGKILL\n');
  const failure = new FleetError('ssh.refused', 'hv1: no\nforged', { detail: 'x', hint: 'Do.' });
  expect(execFailure(result({ failure }), true)).toBe('web1: hv1: no\n| forged\n| x\nDo.\n');
});
