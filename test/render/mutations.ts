import { parse, stringify } from 'yaml';

/** A number from 0 below 1, the same ones for the same seed (mulberry32). */
type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)]!;
const upTo = (random: Random, n: number): number => Math.floor(random() * (n + 1));

/** Bytes that mean something to YAML, or should not be there at all. */
const junk = [
  ...['', ' ', '\n', '\t', ':', '- ', '{', '}', '[', ']', '"', "'", '&a ', '*a', '<<: ', '!!js/function '],
  ...['|', '>', '#', '%YAML 1.1\n', '@', '0', '-1', '~', '\0', '\ufeff', '😀', '\u2028', '---\n', '...\n'],
  ...['? ', ', ', '\r', '\ud800', '__proto__: ', 'constructor: ', '1e999', '0x', 'yes', '\u001b[2J'],
  ...['${abort "x"}', "''", '$(touch x)', '`id`', '../', '/', ';', '&&', '\\'],
]; // biome-ignore format: a table

/** Values that are code, a path or a command to somebody. */
const payloads: readonly unknown[] = [
  ...['${builtins.abort "nix"}', '"; builtins.abort "nix"; x = "', "''; x = builtins.abort ''nix"],
  ...["''${builtins.abort \"nix\"}", '$${a}', '\\${a}', "'''", "''\\n", '\\"', '\\', '"', "a'b"],
  ...['$(touch /tmp/pwned)', '`touch /tmp/pwned`', '; touch /tmp/pwned', '| sh', '-oProxyCommand=sh'],
  ...['--upload-pack=sh', 'ext::sh -c touch% /tmp/pwned', 'a b', 'a\nb', 'a\tb', '\n', '', ' ', '#', '~'],
  ...['../../etc/passwd', '/etc/passwd', './../x.nix', './a/../../x.nix', '.git/hooks/x.nix', '~/x.nix'],
  ...['./x y.nix', './${x}.nix', './modules/x.nix', '.', '..', './', '//', '/', './flake.nix', '*', '%i'],
  ...['if', 'rec', 'import', 'or', 'true', 'null', '__toString', 'outPath', '__functor', '__proto__'],
  ...['constructor', 'toString', 'hasOwnProperty', 'default', 'system.', 'vm1', 'hv1', 'web', 'a.b', 'a."b'],
  ...['2GiB', '0MiB', '9999999TiB', '1s', '10.1.0.0/24', '10.1.0.2', '0.0.0.0/0', '::/0', 'fd00::/64'],
  ...[null, true, false, 0, -1, 1, 3, 1e300, -0, 0.1, 2 ** 53, 65536, [], {}, [[]], [null], [{}]],
  ...[{ a: { b: 1 } }, ['a', 'a'], { '${x}': "${y}''" }, { 'a.b': 1, a: { b: 2 } }, 'x'.repeat(300)],
  ...['é', '日本', '🦀', '\u202e', '\u0001', '\u007f', '\u2028', '\ud83e'],
]; // biome-ignore format: a table

/** One edit for the most part: what is damaged all over is refused at the first glance. */
const edits = (random: Random): undefined[] =>
  Array(random() < 0.7 ? 1 : 2 + upTo(random, 2)).fill(undefined);

/** Pieces of the text taken out, doubled or replaced by junk. */
function damagedBytes(text: string, random: Random): string {
  return edits(random).reduce<string>((sum) => {
    const at = upTo(random, sum.length);
    const length = upTo(random, pick(random, [1, 3, 12, 80]));
    const piece = random() < 0.7 ? pick(random, junk) : sum.slice(at, at + length);
    return sum.slice(0, at) + piece + sum.slice(at + (random() < 0.5 ? length : 0));
  }, text);
}

type Holder = Record<string, unknown> | unknown[];

/** Everything in a tree that holds something; with `only`, what is somewhere under that key. */
function holders(value: unknown, only?: string, inside = only === undefined): Holder[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, item]) =>
    holders(item, only, inside || key === only),
  );
  return inside ? [value as Holder, ...inner] : inner;
}

const freeFields = [
  'config',
  'config',
  'users',
  'packages',
  'modules',
  'volumes',
  'inputs',
  'flake',
  'ssh',
];

/** Values replaced, keys renamed, added or dropped, whole branches moved to where they do not belong. */
function damagedTree(data: unknown, random: Random): unknown {
  const tree = structuredClone(data);
  for (const _ of edits(random)) {
    const all = holders(tree);
    // Where nearly everything is allowed there is most to get wrong.
    const free = random() < 0.5 ? holders(tree, pick(random, freeFields)) : [];
    const holder = pick(random, free.length > 0 ? free : all);
    const key = pick(random, Object.keys(holder)) ?? 'x';
    const value = structuredClone(random() < 0.8 ? pick(random, payloads) : pick(random, all));
    if (Array.isArray(holder)) {
      if (random() < 0.5) holder.push(value);
      else holder[Number(key) || 0] = value;
      continue;
    }
    const name = String(pick(random, payloads));
    const how = random();
    if (how < 0.5) holder[key] = value;
    else if (how < 0.6) delete holder[key];
    else {
      // Defined and not set: `__proto__` is to be a key like any other here.
      const kept = how < 0.8 ? holder[key] : value;
      if (how < 0.8) delete holder[key];
      Object.defineProperty(holder, name, {
        value: kept,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
  }
  return tree;
}

/** Little text that stands for a lot. */
function bomb(text: string, random: Random): string {
  const depth = 2 + upTo(random, 40);
  const width = 2 + upTo(random, 8);
  const aliases = Array.from({ length: depth }, (_, i) => {
    const items =
      i === 0
        ? 'x'
        : Array(width)
            .fill(`*b${i - 1}`)
            .join(', ');
    return pick(random, [`  b${i}: &b${i} [${items}]\n`, `  b${i}: &b${i} { a: [${items}] }\n`]);
  }).join('');
  const deep = 10 ** (1 + upTo(random, 3));
  return pick(random, [
    `${text}\nx:\n${aliases}`,
    `version: 1\nname: bomb\ndefaults:\n config:\n${aliases}`,
    `${text}\nx: ${'['.repeat(deep)}${random() < 0.5 ? ']'.repeat(deep) : ''}`,
    `${text}\nx: ${'{a: '.repeat(deep)}`,
    `${text}\nx: &x { <<: *x }\ny: &y [*y]\n`,
    `${text}\nx: "${'\\u0041'.repeat(deep)}"\n`,
    `${text}\n${Array.from({ length: deep / 10 }, (_, i) => `k${i % 50}: ${i}\n`).join('')}`,
    `${text}\nx: ${'9'.repeat(deep)}\n`,
    `version: 1\nname: bomb\ndefaults: { config: { ${'a.'.repeat(deep)}b: 1 } }\n`,
  ]);
}

/** So many damaged texts, from the good ones. */
export function* mutations(
  texts: readonly string[],
  count: number,
  seed: number,
): Generator<string, void, undefined> {
  const random = randomFrom(seed);
  const sources = texts.map((text) => ({ text, data: parse(text, { merge: true }) as unknown }));
  for (let n = 0; n < count; n += 1) {
    const { text, data } = pick(random, sources);
    const how = random();
    if (how < 0.35) yield damagedBytes(text, random);
    else if (how > 0.98) yield bomb(text, random);
    else {
      const tree = damagedTree(data, random);
      yield random() < 0.5
        ? JSON.stringify(tree)
        : stringify(tree, { aliasDuplicateObjects: false });
    }
  }
}
