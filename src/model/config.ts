import type { Data } from './fleet.ts';

/** Options as a nested tree: every key is one attribute name, dots and all. */
export type ConfigTree = Readonly<Record<string, Data>>;

/** A key that cannot be read, or an option that one config sets twice. */
export interface ConfigProblem {
  readonly kind: 'key' | 'twice';
  /** Keys and list indices as written, down to the culprit. */
  readonly at: readonly (string | number)[];
  readonly message: string;
  readonly hint: string;
}

type Branch = Record<string, Data>;

/** Deeper than any option, shallow enough for whatever walks the tree. */
const maxDepth = 100;

const isBranch = (value: Data | undefined): value is Branch =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Attribute name as it has to be written in a key of `config`. */
export const quotePart = (part: string): string =>
  part === '' || /[."]/.test(part) ? `"${part.replace(/["\\]/g, '\\$&')}"` : part;

/** Splits `virtualHosts."example.org".root` at dots outside of quotes; undefined: cannot be read. */
export function splitKey(key: string): string[] | undefined {
  if (key === '' || key === '__proto__') return undefined;
  if (!/[."]/.test(key)) return [key];
  const parts: string[] = [];
  // Sticky, so that a long key is read once.
  const part = /(?:([A-Za-z_][A-Za-z0-9_'-]*)|"((?:[^"\\]|\\.)*)")(\.|$)/suy;
  for (let more = true; more; ) {
    const match = part.exec(key);
    const name = match?.[1] ?? match?.[2]?.replace(/\\(.)/gsu, '$1');
    if (name === undefined || name === '__proto__') return undefined;
    parts.push(name);
    more = match![3] === '.';
  }
  return parts;
}

/** A config as written → its tree, and everything that is wrong with its keys. */
export function readConfig(config: ConfigTree): { tree: ConfigTree; problems: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];

  function expand(value: Data, at: readonly (string | number)[], depth: number): Data {
    if (Array.isArray(value)) return value.map((item, i) => expand(item, [...at, i], depth + 1));
    if (!isBranch(value)) return value;
    const tree: Branch = {};
    fill(tree, value, at, depth);
    return tree;
  }

  function fill(tree: Branch, from: Branch, at: readonly (string | number)[], depth: number): void {
    for (const [key, value] of Object.entries(from)) {
      const here = [...at, key];
      const parts = splitKey(key);
      if (parts === undefined || depth + parts.length > maxDepth) {
        problems.push({
          kind: 'key',
          at: here,
          message: parts
            ? 'this option is nested too deeply'
            : `${JSON.stringify(key.slice(0, 60))} is not an option name`,
          hint: parts ? `at most ${maxDepth} levels` : unreadable(key),
        });
        continue;
      }
      set(tree, parts, value, here, depth + parts.length);
    }
  }

  function set(
    tree: Branch,
    parts: string[],
    value: Data,
    at: readonly (string | number)[],
    depth: number,
  ): void {
    const last = parts.length - 1;
    let branch = tree;
    for (const [i, part] of parts.entries()) {
      const known = Object.hasOwn(branch, part) ? branch[part] : undefined;
      if (i === last && known === undefined) {
        branch[part] = expand(value, at, depth);
      } else if (known === undefined) {
        branch = branch[part] = {};
      } else if (!isBranch(known) || (i === last && !isBranch(value))) {
        const names = [...at.slice(0, -1), ...parts.slice(0, i + 1).map(quotePart)];
        const option = names.filter((name) => typeof name === 'string').join('.');
        const message = `${option} is set twice in this config`;
        problems.push({ kind: 'twice', at, message, hint: 'keep one of the two' });
        return;
      } else if (i === last) {
        fill(known, value as Branch, at, depth);
      } else {
        branch = known;
      }
    }
  }

  const tree: Branch = {};
  fill(tree, config, [], 0);
  return { tree, problems };
}

/** What `config` means, with dotted keys split; for a config that passed the rules. */
export function expandConfig(config: ConfigTree): ConfigTree {
  return readConfig(config).tree;
}

/** Two configs as one: maps and lists are added to, of two other values the second wins. */
export function mergeConfigs(first: ConfigTree, second: ConfigTree): ConfigTree {
  if (Object.keys(first).length === 0) return second;
  if (Object.keys(second).length === 0) return first;
  return quoteKeys(merge(expandConfig(first), expandConfig(second))) as ConfigTree;
}

function merge(first: Data, second: Data): Data {
  if (Array.isArray(first) && Array.isArray(second)) return [...first, ...second];
  if (!isBranch(first) || !isBranch(second)) return second;
  const merged: Branch = { ...first };
  for (const [key, value] of Object.entries(second)) {
    merged[key] = Object.hasOwn(merged, key) ? merge(merged[key]!, value) : value;
  }
  return merged;
}

/** A tree as `config` would be written, so that expanding it gives the tree again. */
function quoteKeys(value: Data): Data {
  if (Array.isArray(value)) return value.map(quoteKeys);
  if (!isBranch(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [quotePart(key), quoteKeys(item)]),
  );
}

function unreadable(key: string): string {
  if (key === '' || /["\\]/.test(key) || key.includes('__proto__')) {
    return `names joined by dots; a quoted part as in Nix: virtualHosts."example.org"`;
  }
  return `quote the part with the dot as in Nix: '"${key.slice(0, 60)}"'`;
}
