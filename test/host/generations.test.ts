import { describe, expect, test } from 'vitest';
import { systemName } from '../../src/host/facts.ts';
import { chooseGeneration, parseGenerations } from '../../src/host/generations.ts';

const line = (name: string, number: number | 'kept', path: string, current = false) =>
  [
    'generation',
    name,
    number,
    `/nix/store/${path}`,
    number === 'kept' ? 0 : 1_760_000_000,
    current ? 'yes' : 'no',
  ].join('\t');
const read = (...lines: string[]) => parseGenerations(`${lines.join('\n')}\n`);
const chosen = (lines: string[], to?: number, name = 'web1') => {
  const generation = chooseGeneration(read(...lines), name, to);
  return generation && (generation.number ?? 'kept');
};

describe('generations', () => {
  test('are sorted by name, and by number rather than text', () => {
    const { all } = read(
      line('web1', 10, 'c', true),
      line('web1', 9, 'b'),
      line('db1', 2, 'x'),
      line('web1', 1, 'a'),
    );
    expect(all.map((g) => `${g.name} ${g.number}`)).toEqual([
      'db1 2',
      'web1 1',
      'web1 9',
      'web1 10',
    ]);
  });

  test('that fleet kept are listed only when the profile has them no more', () => {
    const { all } = read(
      line('web1', 1, 'a'),
      line('web1', 2, 'b', true),
      line('web1', 'kept', 'a'),
      line('db1', 'kept', 'x'),
    );
    expect(all.map((g) => [g.name, g.number])).toEqual([
      ['db1', undefined],
      ['web1', 1],
      ['web1', 2],
    ]);
  });

  test('come with how each is reached', () => {
    const { expected } = read(line('web1', 1, 'a'), 'expected\ta\tvm-web1,br-front,10.1.0.2');
    expect(expected.get('a')).toBe('vm-web1,br-front,10.1.0.2');
  });

  test('are none for a host without any', () => {
    expect(parseGenerations('')).toEqual({ all: [], expected: new Map() });
  });
});

describe('the generation to return to', () => {
  test('is the one before the current one', () => {
    expect(chosen([line('web1', 8, 'a'), line('web1', 9, 'b'), line('web1', 10, 'c', true)])).toBe(
      9,
    );
  });

  test('is not a later one, after a roll-back already', () => {
    expect(chosen([line('web1', 1, 'a'), line('web1', 2, 'b', true), line('web1', 3, 'c')])).toBe(
      1,
    );
    expect(chosen([line('web1', 1, 'a', true), line('web1', 2, 'b')])).toBeUndefined();
  });

  test('is another store path: a generation that is the same would change nothing', () => {
    expect(chosen([line('web1', 1, 'a'), line('web1', 2, 'b'), line('web1', 3, 'b', true)])).toBe(
      1,
    );
  });

  test('is the one fleet kept when the profile lost the rest', () => {
    expect(chosen([line('web1', 4, 'd', true), line('web1', 'kept', 'c')])).toBe('kept');
  });

  test('is not what it is on, though that was kept', () => {
    expect(chosen([line('web1', 4, 'd', true), line('web1', 'kept', 'd')])).toBeUndefined();
  });

  test('is what was asked for, when there is one', () => {
    const all = [line('web1', 1, 'a'), line('web1', 2, 'b', true), line('db1', 7, 'x')];
    expect(chosen(all, 1)).toBe(1);
    expect(chosen(all, 7)).toBeUndefined();
  });

  test('belongs to that vm', () => {
    expect(chosen([line('web1', 1, 'a', true), line('web10', 0, 'x')])).toBeUndefined();
  });

  test('is the hypervisor’s own under its name', () => {
    const all = [line(systemName, 41, 'a'), line(systemName, 42, 'b', true)];
    expect(chosen(all, undefined, systemName)).toBe(41);
  });
});
