import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocument, stringify } from 'yaml';
import { readFleet } from '../../src/config/read-fleet.ts';
import { readTree } from '../../src/config/tree.ts';
import { diagnosticsText } from '../../src/report/diagnostics-text.ts';
import { fixture } from './fixtures.ts';

/** Codes of a text; it must be readable, and what is said of it must fit the screen. */
function codesOf(text: string): string[] {
  const read = readFleet(text, 'fleet.yaml');
  const diagnostics = 'fleet' in read ? read.warnings : read.diagnostics;
  if ('diagnostics' in read) {
    expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
  }
  const shown = diagnosticsText(diagnostics.slice(0, 50), text, { color: false });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may reach a terminal
  expect(shown).not.toMatch(/[\0-\x09\x0b-\x1f]/);
  return diagnostics.map(({ code }) => code);
}

const small = 'version: 1\nname: test\n';
const example = fixture('example.yaml');

describe('texts that are no fleet.yaml', () => {
  test.each<[string, string, string[]]>([
    ['an empty file', '', ['E100']],
    ['only comments', '# nothing\n\n', ['E100']],
    ['only a byte order mark', '\ufeff', ['E100']],
    ['a list', '- 1\n', ['E106']],
    ['a scalar', 'hello\n', ['E106']],
    ['a NUL', `${small}git: {}\0\n`, ['E101', 'E103']],
    ['an escape sequence', `${small}git: { branch: "\u001b[31mred" }\n`, ['E103', 'E205']],
    ['a lone carriage return', `version: 1\rname: test\n`, ['E101', 'E103']],
    ['bytes that are not UTF-8', `${small}git: { branch: \ufffd }\n`, ['E103', 'E205']],
    ['a key that would change the prototype', `${small}vms: { __proto__: { on: x } }\n`, ['E110']],
    ['one in config', `${small}defaults: { config: { a.__proto__.b: 1 } }\n`, ['E602']],
    [
      'names that objects have',
      `${small}constructor: 1\nvms: { tostring: { on: constructor } }\n`,
      ['E201', 'E301', 'E407'],
    ],
  ])('%s', (_, text, codes) => {
    expect([...new Set(codesOf(text))].sort()).toEqual(codes);
  });

  test.each([
    ['[', '['.repeat(100_000)],
    ['{', '{'.repeat(100_000)],
    ['- ', '- '.repeat(100_000)],
    ['closed lists', `${small}vms: ${'['.repeat(300)}${']'.repeat(300)}`],
    ['an indented map', Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('nested too deeply: %s', (_, text) => {
    expect(codesOf(text)).toEqual(['E109']);
  });

  test('a key with very many dots', () => {
    expect(codesOf(`${small}defaults: { config: { ? ${'a.'.repeat(100_000)}b : 1 } }`)).toEqual([
      'E602',
    ]);
  });
});

describe('texts that could take forever', () => {
  const aliases = (depth: number) =>
    Array.from({ length: depth }, (_, i) => {
      const items = i === 0 ? 'x' : Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ');
      return `  a${i}: &a${i} [${items}]\n`;
    }).join('');

  test('aliases that stand for billions of values are refused', () => {
    expect(codesOf(`${small}defaults:\n config:\n${aliases(30)}`)).toEqual(['E108']);
  });

  test('aliases that stand for thousands are not', () => {
    expect(codesOf(`${small}defaults:\n config:\n${aliases(5)}`)).toEqual([]);
  });

  // Generous: a quadratic reading would take minutes.
  const limit = 20_000;
  const many = (n: number, line: (i: number) => string) =>
    Array.from({ length: n }, (_, i) => line(i)).join('');

  test(
    'many keys, each twice',
    () => {
      const text = `${small}vms:\n${many(20_000, (i) => `  v${i % 10_000}: {}\n`)}`;
      expect(codesOf(text)).toHaveLength(20_000);
    },
    limit,
  );

  test(
    'many mistakes on one line',
    () => {
      const text = `${small}vms: { ${many(10_000, (i) => `v${i}: { on: hv${i}, x: 1 }, `)} }`;
      expect(codesOf(text)).toHaveLength(10_000);
    },
    limit,
  );

  test(
    'many wrong names',
    () => {
      const hypervisors = many(
        2_000,
        (i) => `  h${i}: { ssh: h${i}, system: x86_64-linux, stateVersion: "25.11" }\n`,
      );
      const vms = many(5_000, (i) => `  v${i}: { on: hyper${i}, network: n }\n`);
      const text = `${small}networks: { n: { subnet: 10.0.0.0/8, nat: false } }\nhypervisors:\n${hypervisors}vms:\n${vms}`;
      expect(codesOf(text).filter((code) => code === 'E301')).toHaveLength(5_000);
    },
    limit,
  );

  test(
    'a very long chain of dependencies',
    () => {
      const vms = many(
        5_000,
        (i) =>
          `  v${i}: { on: h, network: n, address: 10.1.${(i + 2) >> 8}.${(i + 2) & 255}, dependsOn: [v${(i + 1) % 5_000}] }\n`,
      );
      const text = `${small}networks: { n: { subnet: 10.1.0.0/16, nat: false } }\nhypervisors: { h: { ssh: h, system: x86_64-linux, stateVersion: "25.11" } }\nvms:\n${vms}`;
      expect(codesOf(text)).toEqual(['E502']);
    },
    limit,
  );

  test(
    'five megabytes of comment',
    () => {
      expect(codesOf(`${small}${'# nothing here\n'.repeat(330_000)}`)).toEqual([]);
    },
    limit,
  );
});

const isHolder = (value: unknown): value is Record<string | number, unknown> =>
  typeof value === 'object' && value !== null;

describe('the example file, damaged', () => {
  test('by bytes', () => {
    const junk = fc.constantFrom(
      '',
      ' ',
      '\n',
      '\t',
      ':',
      '-',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '&a ',
      '*a',
      '<<: ',
      '!x ',
      '|',
      '>',
      '#',
      '%',
      '@',
      '0',
      '-1',
      '~',
      '\0',
      '\ufeff',
      '😀',
      '---\n',
      '? ',
      ', ',
      '\r',
    );
    const damage = fc.array(fc.tuple(fc.nat(example.length), fc.nat(12), junk), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(damage, (edits) => {
        const text = edits.reduce(
          (sum, [at, cut, put]) => sum.slice(0, at) + put + sum.slice(at + cut),
          example,
        );
        codesOf(text);
      }),
      { numRuns: 150 },
    );
  }, 360_000);

  test('by values', () => {
    const { data } = readTree(parseDocument(example).contents);
    const places: (string | number)[][] = [];
    const collect = (value: unknown, path: (string | number)[]): void => {
      places.push(path);
      if (Array.isArray(value))
        for (const [i, item] of value.entries()) collect(item, [...path, i]);
      else if (typeof value === 'object' && value !== null) {
        for (const [key, item] of Object.entries(value)) collect(item, [...path, key]);
      }
    };
    collect(data, []);
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(null, '', -1, 1e300, '10.1.0.2', 'vm1', 'hv1', '2GiB', [], {}),
      fc.string(),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...places), value), { minLength: 1, maxLength: 4 }),
        (edits) => {
          let damaged: unknown = structuredClone(data);
          for (const [path, put] of edits) {
            if (path.length === 0) damaged = put;
            else {
              const parent = path
                .slice(0, -1)
                .reduce<unknown>((at, step) => (isHolder(at) ? at[step] : undefined), damaged);
              if (isHolder(parent)) parent[path.at(-1)!] = put;
            }
          }
          codesOf(stringify(damaged));
        },
      ),
      { numRuns: 150 },
    );
  }, 360_000);
});

test('a private key is shown in no message and no frame', () => {
  const key = [
    '-----BEGIN OPENSSH PRIVATE KEY-----',
    'c2VjcmV0c2VjcmV0',
    '-----END OPENSSH PRIVATE KEY-----',
  ];
  const forms = [
    `sshKeys: [${JSON.stringify(key.join('\n'))}]`,
    `sshKeys:\n    - |\n${key.map((line) => `      ${line}\n`).join('')}`,
    `groups: [${JSON.stringify(key.join(' '))}]`,
    `sshKeys: [AGE-SECRET-KEY-1SECRETSECRET]`,
    `sshKeys: ${JSON.stringify(key.join('\n'))}`,
    `sshKeys: AGE-SECRET-KEY-1SECRETSECRET`,
    `${JSON.stringify(key.join(' '))}: 1`,
    `sshKeys: []\n config: { ${JSON.stringify(key.join('..'))}: 1 }`,
    `oops: ${JSON.stringify(key.join('\n'))}`,
  ];
  for (const form of forms) {
    const text = `${small}defaults:\n users:\n  ops:\n   ${form}\n`;
    const read = readFleet(text, 'fleet.yaml');
    if (!('diagnostics' in read)) throw new Error('a private key is an error');
    expect(read.diagnostics.map(({ code }) => code)).toContain('E115');
    const shown =
      JSON.stringify(read.diagnostics) + diagnosticsText(read.diagnostics, text, { color: true });
    expect(shown).not.toMatch(/c2VjcmV0|SECRETSECRET/);
  }
});
