import { describe, expect, test } from 'vitest';
import { type Found, judgeCut } from './judge.ts';

const old = '001764450000-9f3c2a1b';
const young = '001764450100-00000001';
const line = (epoch: string, seq: number, kind: string, n?: number) =>
  `${JSON.stringify({ v: 1, epoch, seq, at: 5, up: 5, kind, ...(n === undefined ? {} : { n }) })}\n`;
const booted = line(young, 1, 'spool.epoch') + line(young, 2, 'test.booted', 99);
const state = (name: string, n: number) => `state\t${name}\nsince\t5\nwhy\t${n}\n`;

/** Cut while event 6 was being written. */
const good: Found = {
  told: [
    `event 1 ${old}:2`,
    'state 2',
    'state 3',
    `event 4 ${old}:3`,
    'state 5',
    `event 5 ${old}:4`,
  ],
  spool: [
    line(old, 1, 'spool.epoch') +
      line(old, 2, 'test.happened', 1) +
      line(old, 3, 'test.happened', 4),
    line(old, 4, 'guest.failed', 5),
    booted,
  ],
  state: state('Failed', 5),
};
const [first = '', second = ''] = good.spool;

test('what was told is there, and what was not may be', () => {
  expect(judgeCut(good)).toEqual([]);
  const half = '{"v":1,"epoch":"0017\n';
  expect(judgeCut({ ...good, spool: [first, second + half, booted] })).toEqual([]);
  const untold = line(old, 5, 'test.happened', 6);
  expect(judgeCut({ ...good, spool: [first, second + untold, booted] })).toEqual([]);
  expect(judgeCut({ ...good, state: state('Starting', 8) })).toEqual([]);
  expect(judgeCut({ told: [], spool: [booted], state: undefined })).toEqual([]);
});

describe('refused is', () => {
  test.each<[string, Partial<Found>, RegExp]>([
    ['a told event that is lost', { spool: [first, booted] }, /event 5 .* is lost/],
    [
      'one under another number',
      { spool: [first, line(old, 4, 'guest.failed', 6), booted] },
      /event 5 .* is lost/,
    ],
    ['two lines that are none', { spool: [`${first}{\n`, `{\n${second}`, booted] }, /2 lines/],
    ['a half line at the end', { spool: [first, second, `${booted}{"v":1`] }, /a half line/],
    [
      'an event that nobody wrote',
      { spool: [first, second + line(old, 5, 'test.happened', 44), booted] },
      /nothing that was written/,
    ],
    [
      'a gap',
      { spool: [first, second + line(old, 7, 'test.happened', 6), booted] },
      /:7 follows nothing/,
    ],
    [
      'an epoch that goes on',
      { spool: [first, second + line(old, 5, 'test.booted', 99)] },
      /went on after the boot/,
    ],
    ['a spool that takes no more', { spool: [first, second] }, /no event could be written/],
    ['a told state that is lost', { state: undefined }, /state 5 was told/],
    ['an older state', { state: state('Ready', 3) }, /neither 5 nor 8/],
    ['an empty state', { state: '' }, /the state is half/],
    ['a mixed state', { state: state('Ready', 5) }, /neither 5 nor 8/],
    [
      'an event before its state',
      { told: good.told.slice(0, 4), state: state('Ready', 3) },
      /not on disk/,
    ],
  ])('%s', (_, change, said) => {
    expect(judgeCut({ ...good, ...change }).join('\n')).toMatch(said);
  });
});
