import { describe, expect, test } from 'vitest';
import { readNumbers } from '../../src/cli/rollback-numbers.ts';

describe('--to of rollback', () => {
  test('is a number for a single name, or one for each', () => {
    expect([...readNumbers(['web1'], ['3'])]).toEqual([['web1', 3]]);
    expect([...readNumbers(['web1', 'hv1'], ['hv1=6', 'web1=kept'])]).toEqual([
      ['hv1', 6],
      ['web1', 'kept'],
    ]);
  });

  test.each([
    [['web1', 'hv1'], '3', '--to 3: which of them is meant?'],
    [['web1'], 'hv1=3', '--to hv1=3: hv1 is not among the names to roll back'],
    [['web1'], 'web1=x', '--to web1=x: x is not a generation number'],
    [['web1'], '-1', '--to -1: -1 is not a generation number'],
    [['web1'], 'web1=', '--to web1=:  is not a generation number'],
  ])('of %s refuses %s', (names, to, message) => {
    expect(() => readNumbers(names, [to])).toThrow(message);
  });
});
