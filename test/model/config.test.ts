import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandConfig, mergeConfigs, readConfig, splitKey } from '../../src/model/config.ts';
import type { Data } from '../../src/model/fleet.ts';

describe('a key splits into attribute names', () => {
  test.each([
    ['enable', ['enable']],
    ['services.nginx.enable', ['services', 'nginx', 'enable']],
    ['virtualHosts."example.org".root', ['virtualHosts', 'example.org', 'root']],
    ['a."say \\"hi\\""', ['a', 'say "hi"']],
    ["b'.c-d._e", ["b'", 'c-d', '_e']],
    ['8080', ['8080']],
    ['/srv/data', ['/srv/data']],
    ['""', ['']],
  ])('%s', (key, parts) => {
    expect(splitKey(key)).toEqual(parts);
  });

  test.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a."b',
    '"a"b',
    '10.0.0.1',
    '/etc/x.conf',
    'a.__proto__',
  ])('not %j', (key) => {
    expect(splitKey(key)).toBeUndefined();
  });
});

describe('a config expands to a tree', () => {
  test('dotted and nested keys meet, in lists too', () => {
    const config = {
      'services.nginx.enable': true,
      services: { 'nginx.user': 'www', ssh: {} },
      list: [{ 'a.b': 1, a: { c: 2 } }],
    };
    expect(expandConfig(config)).toEqual({
      services: { nginx: { enable: true, user: 'www' }, ssh: {} },
      list: [{ a: { b: 1, c: 2 } }],
    });
  });

  test('an option set twice is a problem, at the second place', () => {
    const config = { 'a.b': 1, a: { b: 2 }, 'c.d': {}, 'c.d.e': 1, f: 1, 'f.g': 2 };
    expect(readConfig(config).problems.map(({ kind, at }) => [kind, at])).toEqual([
      ['twice', ['a', 'b']],
      ['twice', ['f.g']],
    ]);
  });
});

describe('two configs merge', () => {
  const part = fc.constantFrom('a', 'b', 'c.d', 'x"y', '8080', '', 'é');
  const { tree } = fc.letrec<{ tree: Data; node: Data }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, 1, 'text'),
      fc.array(fc.constantFrom(1, 2), { maxLength: 2 }),
      tie('tree'),
    ),
    tree: fc.dictionary(part, tie('node'), { maxKeys: 4 }),
  }));
  const written = tree.map((value) => quoted(value) as Record<string, Data>);

  function quoted(value: Data): Data {
    if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, item]) => [JSON.stringify(key), quoted(item)]);
    return Object.fromEntries(entries) as Data;
  }

  test('and the result can be read again', () => {
    fc.assert(
      fc.property(written, written, (a, b) => {
        expect(readConfig(mergeConfigs(a, b)).problems).toEqual([]);
      }),
    );
  });

  test('and one that is merged into itself stays what it is, but for its lists', () => {
    const single = (value: Data): Data =>
      JSON.parse(JSON.stringify(value, (_, v) => (Array.isArray(v) ? [] : v)));
    fc.assert(
      fc.property(written, (a) => {
        const plain = single(a) as Record<string, Data>;
        expect(expandConfig(mergeConfigs(plain, plain))).toEqual(expandConfig(plain));
      }),
    );
  });

  test('nothing is lost beside an empty one', () => {
    fc.assert(
      fc.property(written, (a) => {
        expect(mergeConfigs(a, {})).toEqual(a);
        expect(expandConfig(mergeConfigs({}, a))).toEqual(expandConfig(a));
      }),
    );
  });

  test('maps and lists are added to, of other values the second wins', () => {
    expect(
      mergeConfigs({ 'a.list': [1], 'a.x': 1, 'a.map': {} }, { a: { list: [2], x: 2, map: null } }),
    ).toEqual({ a: { list: [1, 2], x: 2, map: null } });
  });
});
