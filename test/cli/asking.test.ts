import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { asking } from '../../src/cli/asking.ts';
import { shownOf } from '../report/pty.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const size = { columns: 80, rows: 24 };

function terminal() {
  let said = '';
  const stream = {
    ...size,
    write: (text: string) => {
      said += text;
      return true;
    },
  } as unknown as NodeJS.WriteStream;
  return { stream, said: () => said, shown: () => shownOf(said.replaceAll('\n', '\r\n'), size) };
}

test('who has not answered after a second is named, with the seconds, until all have', () => {
  const { stream, said, shown } = terminal();
  const tell = asking(stream);
  for (let i = 1; i <= 9; i++) tell(`hv${i}`, true);
  tell('hv2', false);
  vi.advanceTimersByTime(900);
  expect(said()).toBe('');
  vi.advanceTimersByTime(200);
  expect(shown()).toEqual([
    '› 1 of 9 answered, 1 s; asking hv1, hv3, hv4, hv5, hv6 and 3 more',
    '',
  ]);
  for (const i of [1, 3, 4, 5, 6, 7, 8]) tell(`hv${i}`, false);
  vi.advanceTimersByTime(2000);
  expect(shown()).toEqual(['› 8 of 9 answered, 3 s; asking hv9', '']);
  tell('hv9', false);
  expect(shown()).toEqual(['']);
  expect(said().endsWith('\u001b[?25h')).toBe(true);
  vi.advanceTimersByTime(5000);
  expect(shown()).toEqual(['']);
});

test('a quick answer shows nothing at all', () => {
  const { stream, said } = terminal();
  const tell = asking(stream);
  tell('hv1', true);
  vi.advanceTimersByTime(500);
  tell('hv1', false);
  tell('hv1', false);
  vi.advanceTimersByTime(5000);
  expect(said()).toBe('');
});

test('what is said meanwhile stays above the row', () => {
  const { stream, shown } = terminal();
  const tell = asking(stream);
  tell('hv1', true);
  vi.advanceTimersByTime(1100);
  stream.write('error interrupted\n');
  expect(shown()).toEqual(['error interrupted', '› 0 of 1 answered, 1 s; asking hv1', '']);
  tell('hv1', false);
  stream.write('and after\n');
  expect(shown()).toEqual(['error interrupted', 'and after', '']);
});
