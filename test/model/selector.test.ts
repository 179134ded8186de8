import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matches } from '../../src/model/selector.ts';

const web = { name: 'web1', tags: ['front', 'eu'] };

describe('a part of a selector', () => {
  test.each(['web1', 'web*', '*1', 'w*b*', '*', '@front', '@e*', '@*'])(
    '%j selects web1',
    (part) => {
      expect(matches(part)(web)).toBe(true);
    },
  );

  test.each([
    'web',
    'eb1',
    'web11',
    'WEB1',
    'w.b1',
    'web?',
    '[w]eb1',
    'front',
    '@web1',
    '@f',
    '@',
    '',
  ])('%j does not', (part) => {
    expect(matches(part)(web)).toBe(false);
  });

  test('of a tag selects nothing that has none', () => {
    expect(matches('@*')({ name: 'web1', tags: [] })).toBe(false);
  });

  test('without * is a name and nothing else, whatever characters it has', () => {
    const text = fc.string().filter((part) => !part.includes('*') && !part.startsWith('@'));
    fc.assert(
      fc.property(
        text,
        text,
        (part, name) => matches(part)({ name, tags: [] }) === (part === name),
      ),
    );
  });
});
