import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Data } from '../../src/model/fleet.ts';
import { nixFile, toNix } from '../../src/nix/print.ts';
import { describeWithNix, evaluate, withFiles } from './instantiate.ts';

const fragments = [
  '${', '$${', '$$${', '$', '$$', '{', '}', "'", "''", "'''", "''$", "''${", "''\\", "''\\n", '"',
  '\\', '\\n', '\\${', '\n', '\n\n', '\r', '\r\n', '\t', ' ', '  ', '\n  ', '\n\t', 'a', 'x y',
  '#', '/*', '*/', ';', '=', './.', '<nixpkgs>', '\u0001', '\u007f', '\u2028', 'ß', '日本', '🦀',
]; // biome-ignore format: a table

const hostile = fc
  .array(
    fc.oneof(
      { arbitrary: fc.constantFrom(...fragments), weight: 6 },
      fc.string({ unit: 'grapheme' }),
    ),
  )
  .map((parts) => parts.join('').replaceAll('\0', ''));

/** Many lines, as they become indented strings. */
const lines = fc.array(hostile, { minLength: 2, maxLength: 5 }).map((all) => all.join('\n'));
const text = fc.oneof(hostile, lines);

const names = fc.oneof(
  text,
  fc.constantFrom('if', 'or', 'rec', 'true', 'null', 'a', 'a.b', "a'", '-a', '1', '', '__proto__'),
);
// builtins.toJSON gives these two a meaning of their own; as values they are unchanged.
const key = names.filter((name) => name !== 'outPath' && name !== '__toString');

/** Whole numbers Nix has, -0 aside: JSON has none either. */
const whole = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -20, max: 20 }),
  fc.constantFrom(2 ** 53, 2 ** 62, -(2 ** 62), 2 ** 63 - 1024, -(2 ** 63) + 1024),
);

function values(leaf: fc.Arbitrary<Data>): fc.Arbitrary<Data> {
  const { value } = fc.letrec<{ value: Data }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc
        .array(fc.tuple(key, tie('value')), { maxLength: 4 })
        .map((entries) => Object.fromEntries(entries)),
    ),
  }));
  return value;
}

const leaf = fc.oneof(text, whole, fc.boolean(), fc.constant(null));
const seed = Number(process.env.FLEET_SEED ?? Date.now() % 2 ** 31);

describeWithNix(`data through Nix (FLEET_SEED=${seed})`, () => {
  it('comes back unchanged', () => {
    const sample = fc.sample(values(leaf), { numRuns: 600, seed });
    const back = withFiles([['all.nix', toNix(sample)]], (dir) => evaluate(join(dir, 'all.nix')));
    expect(back).toEqual(sample);
  });

  it('comes back unchanged as hostile strings alone', () => {
    const sample = fc.sample(text, { numRuns: 1500, seed });
    const back = withFiles([['all.nix', toNix(sample)]], (dir) => evaluate(join(dir, 'all.nix')));
    expect(back).toEqual(sample);
  });

  it('comes back unchanged as a module', () => {
    const sets = fc.dictionary(key, values(leaf), { maxKeys: 5 });
    const sample = fc.sample(sets, { numRuns: 100, seed });
    const files = sample.map((set, n) => [`${n}.nix`, nixFile(set)] as const);
    const all = `map import [ ${sample.map((_, n) => `./${n}.nix`).join(' ')} ]`;
    const back = withFiles([...files, ['all.nix', all]], (dir) => evaluate(join(dir, 'all.nix')));
    expect(back).toEqual(sample);
  });

  it('keeps every number exactly', () => {
    // --json prints six digits of a float, so Nix itself compares, with what it reads from JSON
    // (with an exponent: its integers there wrap around).
    const floats = fc.double({ noDefaultInfinity: true, noNaN: true });
    const known = [0.1, 1.5, 1e3, 1e21, -1e21, 1e-7, 2 ** 63, -(2 ** 63), 5e-324, -5e-324, 1e308];
    const sample = [...known, -0, ...fc.sample(floats, { numRuns: 500, seed })];
    const same = sample.map((n) => `(${toNix([n])} == builtins.fromJSON "[${n.toExponential()}]")`);
    const back = withFiles([['all.nix', `[ ${same.join('\n')} ]`]], (dir) =>
      evaluate(join(dir, 'all.nix')),
    );
    expect(sample.filter((_, n) => !(back as boolean[])[n])).toEqual([]);
  });
});
