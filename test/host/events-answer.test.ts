import { expect, test } from 'vitest';
import { isPlace, Numbering, parseSpoolEvent } from '../../src/host/answers/events.ts';

const epoch = '001700000000-00000001';
const later = '001700000500-00000002';
const told = (more: object = {}) =>
  JSON.stringify({ v: 1, epoch, seq: 7, at: 1_700_000_000, up: 5, kind: 'gc.ran', ...more });
const at = (seq: number, of = epoch, why = 'x') => parseSpoolEvent(told({ epoch: of, seq, why }));

test('reads an event, with what else is known of it', () => {
  expect(parseSpoolEvent(told({ vm: 'web', why: 'because', n: 3, ok: true, no: null }))).toEqual({
    ...{ epoch, seq: 7, at: 1_700_000_000, up: 5, kind: 'gc.ran', vm: 'web' },
    fields: { why: 'because', n: 3, ok: true, no: null },
  });
});

test('takes nothing that could move a cursor, and bounds what is long or deep', () => {
  const { fields } = parseSpoolEvent(
    told({ why: 'a\u001b[2J\u009bb\u202ec\nd', list: [{ a: '\u001b' }], long: 'x'.repeat(3000) }),
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
  expect(JSON.stringify(fields)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  expect(fields.list).toBe('[{"a":"\\u001b"}]');
  expect(String(fields.long)).toHaveLength(1000);
});

test.each([
  ['no JSON', '{"v":1'],
  ['a list', '[]'],
  ['no epoch', told({ epoch: 'x' })],
  ['no number', told({ seq: 0 })],
  ['half a number', told({ seq: 1.5 })],
  ['a number as text', told({ seq: '7' })],
  ['a time before all', told({ at: -1 })],
  ['a time that nobody has', told({ at: 1e15 })],
  ['no time since the boot', told({ up: 'x' })],
  ['no kind', told({ kind: 'Guest Ended' })],
  ['a vm that is none', told({ vm: '../../etc' })],
  ['a field that is none', told({ 'a b': 1 })],
  ['too many fields', told(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`f${n}`, n])))],
  ['a line that is too long', told({ why: 'x'.repeat(5000) })],
])('refuses %s', (_, line) => {
  expect(() => parseSpoolEvent(line)).toThrow(/cannot be read/);
});

test('a place is one of a spool', () => {
  expect(isPlace(`${epoch}:12`)).toBe(true);
  for (const text of [epoch, `${epoch}:`, `${epoch}:1;id`, `x:1`])
    expect(isPlace(text)).toBe(false);
});

const heard = (numbering: Numbering, ...events: readonly ReturnType<typeof at>[]) =>
  events.flatMap((event) =>
    numbering
      .next(event)
      .map(({ kind, seq, fields }) =>
        kind === 'gc.ran' ? seq : `${kind.slice(6)} ${fields.missing ?? ''}`.trim(),
      ),
  );

test('what is missing within an epoch is an event, with how many; of the beginning nobody knows', () => {
  expect(heard(new Numbering(), at(5), at(6), at(9), at(10))).toEqual([5, 6, 'gap 2', 9, 10]);
});

test('a new epoch is no gap, unless its first events are missing or the place was gone', () => {
  expect(heard(new Numbering(`${epoch}:4`), at(5), at(1, later))).toEqual([5, 1]);
  expect(heard(new Numbering(`${epoch}:4`), at(5), at(3, later))).toEqual([5, 'gap', 3]);
  const numbering = new Numbering(`${epoch}:4`);
  numbering.gone();
  expect(heard(numbering, at(1, later), at(2, later))).toEqual(['gap', 1, 2]);
});

test('one that is told twice is told once; with other content it is a fork', () => {
  expect(heard(new Numbering(), at(5), at(5), at(6))).toEqual([5, 6]);
  expect(heard(new Numbering(), at(5), at(5, epoch, 'y'))).toEqual([5, 'fork', 5]);
});

test('the cursor is behind the last event', () => {
  const numbering = new Numbering();
  expect(numbering.cursor).toBeUndefined();
  heard(numbering, at(5));
  expect(numbering.cursor).toBe(`${epoch}:5`);
  numbering.skip(`${epoch}:8`);
  expect(heard(numbering, at(9))).toEqual([9]);
});
