import { describe, expect, test } from 'vitest';
import {
  bridgeUnder,
  earlierGenerations,
  noGenerations,
  parseGenerations,
} from '../../src/host/answers/generations.ts';
import { systemName } from '../../src/model/names.ts';

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
const earlier = (lines: string[], name = 'web1') =>
  earlierGenerations(read(...lines), name).map((g) => g.number ?? 'kept');

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

  test('are returned to by what ran before, not by a number that was rolled back from', () => {
    const all = [line('web1', 1, 'a'), line('web1', 2, 'bad'), line('web1', 3, 'c', true)];
    expect(earlier([...all, line('web1', 'kept', 'a')])).toEqual([1, 2]);
    expect(earlier(all)).toEqual([2, 1]);
    // After a roll-back what was rolled back from is the kept one: the next goes further back.
    const back = [line('web1', 1, 'a'), line('web1', 2, 'b', true), line('web1', 3, 'bad')];
    expect(earlier([...back, line('web1', 'kept', 'bad')])).toEqual([1]);
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
    expect(parseGenerations('')).toEqual(noGenerations);
  });
});

describe('the generations to return to', () => {
  test('are those before the current one, the youngest first', () => {
    expect(
      earlier([line('web1', 8, 'a'), line('web1', 9, 'b'), line('web1', 10, 'c', true)]),
    ).toEqual([9, 8]);
  });

  test('are no later ones, after a roll-back already', () => {
    expect(
      earlier([line('web1', 1, 'a'), line('web1', 2, 'b', true), line('web1', 3, 'c')]),
    ).toEqual([1]);
    expect(earlier([line('web1', 1, 'a', true), line('web1', 2, 'b')])).toEqual([]);
  });

  test('are other store paths: a generation that is the same would change nothing', () => {
    expect(
      earlier([line('web1', 1, 'a'), line('web1', 2, 'b'), line('web1', 3, 'b', true)]),
    ).toEqual([1]);
  });

  test('have what fleet kept at their end, unless it is what runs', () => {
    expect(earlier([line('web1', 4, 'd', true), line('web1', 'kept', 'c')])).toEqual(['kept']);
    expect(earlier([line('web1', 4, 'd', true), line('web1', 'kept', 'd')])).toEqual([]);
  });

  test('belong to that vm, and the hypervisor’s own to its name', () => {
    expect(earlier([line('web1', 1, 'a', true), line('web10', 0, 'x')])).toEqual([]);
    const all = [line(systemName, 41, 'a'), line(systemName, 42, 'b', true)];
    expect(earlier(all, systemName)).toEqual([41]);
  });
});

describe('the bridge of a TAP under a system', () => {
  const { systems } = read(
    'wired\tsys\tvm-web1 vm-db?\tbr-front',
    'wired\tsys\t!vm-* lan-*\t-',
    'wired\tsys\tvm-d*\tbr-back',
    'bridge\tsys\tbr-front',
    'declares\tsys\told',
  );
  test.each([
    ['vm-web1', 'br-front'],
    ['vm-db1', 'br-front'],
    ['vm-db10', 'br-back'],
    // The first file that matches decides, also where it says nothing of a bridge.
    ['eth0', undefined],
    ['lan-web', undefined],
    ['vm-web10', undefined],
  ])('%s is %s, by the first of networkd’s files that has its name', (tap, bridge) => {
    expect(bridgeUnder(systems.get('sys'), tap)).toBe(bridge);
    expect(systems.get('sys')).toMatchObject({ bridges: ['br-front'], declares: ['old'] });
    expect(bridgeUnder(systems.get('other'), tap)).toBeUndefined();
  });
});
