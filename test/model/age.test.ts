import { expect, test } from 'vitest';
import { age, span } from '../../src/model/age.ts';

test('a span of time is in one unit, of which there are two at least', () => {
  expect([0, 119, 120, 7199, 7200, 172_799, 172_800].map(span)).toEqual([
    '0 s',
    '119 s',
    '2 min',
    '119 min',
    '2 h',
    '47 h',
    '2 d',
  ]);
});

test('an age is in its two largest units, and unknown where Nix set the time', () => {
  const now = 1_760_000_000;
  expect([30, 300, 3600, 11_520, 90_000].map((ago) => age(now - ago, now))).toEqual([
    'less than a minute',
    '5 min',
    '1 h',
    '3 h 12 min',
    '1 d 1 h',
  ]);
  expect(age(1, now)).toBeUndefined();
});
