import type { Data } from '../model/fleet.ts';
import { indented, key, number, quoted } from './escape.ts';
import { Code, Commented, Json, type Nix, type NixSet } from './tree.ts';

const width = 100;

/** Plain data as a Nix expression, laid out as nixfmt (RFC 166) does. */
export function toNix(data: Data): string {
  return print(data, '', 0);
}

/**
 * A file's text: `{ pkgs, ... }:` when arguments are named, then the set, its keys sorted but for
 * `imports`, which readers expect first.
 * @param call what the set is an argument of; it may name `args`
 */
export function nixFile(body: NixSet, args: readonly string[] = [], call?: Code): string {
  const names = [...args].sort();
  // nixfmt gives every argument its line from the third on.
  const header =
    names.length > 2
      ? `{\n${names.map((n) => `  ${n},\n`).join('')}  ...\n}:\n`
      : `{ ${[...names, '...'].join(', ')} }:\n`;
  const set = `${printSet(body, '', true)}\n`;
  if (call) return `${header.replace(/:\n$/, '@args:\n')}${call.text} ${set}`;
  return `${names.length === 0 ? '' : header}${set}`;
}

/** `column` is where the text starts, for what may stay on the line. */
function print(value: Nix, indent: string, column: number): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return number(value);
  if (typeof value === 'string') return indented(value, indent) ?? quoted(value);
  if (value instanceof Code) return value.text.replace(/\n(?!\n)/g, `\n${indent}`);
  if (value instanceof Commented) return print(value.value, indent, column);
  if (value instanceof Json) return `builtins.toJSON ${print(value.value, indent, column)}`;
  return isList(value) ? printList(value, indent, column) : printSet(value, indent);
}

function printList(items: readonly Nix[], indent: string, column: number): string {
  if (items.length === 0) return '[ ]';
  const inner = `${indent}  `;
  const lines = items.map((item) => {
    const text = print(item, inner, inner.length);
    // A minus would be taken for a subtraction.
    return text.startsWith('-') ? `(${text})` : text;
  });
  const [only] = lines;
  if (lines.length === 1 && only !== undefined && staysInLine(items[0], only, column)) {
    return `[ ${only} ]`;
  }
  const commentedLines = lines.map((line, n) => `${inner}${above(items[n], inner)}${line}\n`);
  return `[\n${commentedLines.join('')}${indent}]`;
}

function staysInLine(item: Nix | undefined, text: string, column: number): boolean {
  if (item instanceof Commented || text.includes('\n')) return false;
  return column + text.length + '[  ];'.length <= width;
}

/** `roomy`: as at the top of a module, imports first and a blank line around what is tall. */
function printSet(set: NixSet, indent: string, roomy = false, keys = Object.keys(set)): string {
  if (keys.length === 0) return '{ }';
  const inner = `${indent}  `;
  let text = '{\n';
  let afterTall = false;
  for (const name of sorted(keys, roomy ? 'imports' : undefined)) {
    const binding = printBinding(name, set[name] ?? null, inner);
    if (roomy) {
      const tall = name === 'imports' || binding.includes('\n');
      if (text !== '{\n' && (tall || afterTall)) text += '\n';
      afterTall = tall;
    }
    text += `${binding}\n`;
  }
  return `${text}${indent}}`;
}

/** By code unit, but for the one that goes first. Most sets are small and in order already. */
function sorted(names: string[], first: string | undefined): string[] {
  for (let n = 1; n < names.length; n += 1) {
    if (!before(names[n - 1]!, names[n]!, first)) {
      return names.sort((a, b) => (before(a, b, first) ? -1 : 1));
    }
  }
  return names;
}

const before = (a: string, b: string, first: string | undefined): boolean =>
  a === first || (a < b && b !== first);

/** Sets of one child are written as one path: `networking.hostName = "vm1";`. */
function printBinding(name: string, value: Nix, indent: string): string {
  let path = key(name);
  let end = value;
  while (isSet(end)) {
    const keys = Object.keys(end);
    const only = keys[0];
    if (only === undefined || keys.length > 1) {
      return `${indent}${path} = ${printSet(end, indent, false, keys)};`;
    }
    path += `.${key(only)}`;
    end = end[only] ?? null;
  }
  const head = `${indent}${above(end, indent)}${path} =`;
  if (end instanceof Code && end.below) {
    return `${head}\n${indent}  ${print(end, `${indent}  `, 0)};`;
  }
  return `${head} ${print(end, indent, indent.length + path.length + 3)};`;
}

const above = (value: Nix | undefined, indent: string): string =>
  value instanceof Commented ? `# ${value.comment}\n${indent}` : '';

const isList = (value: Nix): value is readonly Nix[] => Array.isArray(value);

function isSet(value: Nix): value is NixSet {
  return (
    typeof value === 'object' &&
    value !== null &&
    !isList(value) &&
    !(value instanceof Code) &&
    !(value instanceof Commented) &&
    !(value instanceof Json)
  );
}
