import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Diagnostic } from '../model/diagnostic.ts';
import { type Finding, formatPath, type Path, redact } from './finding.ts';
import { keyText } from './tree.ts';

type Range = readonly [start: number, end: number];

/** Offsets of every match. */
const offsets = (text: string, what: RegExp): number[] =>
  Array.from(text.matchAll(what), ({ index }) => index);

/** How many of the sorted numbers are below the limit. */
function countBelow(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

const nowhere = { line: 0, column: 0, length: 0 };

/** Finds the line and column of a path or an offset. Built only if there is something to report. */
export class Locator {
  readonly #text: string;
  readonly #root: Node | null;
  readonly #targets: ReadonlyMap<Alias, Node>;
  readonly #breaks: readonly number[];
  readonly #astral: readonly number[];
  readonly #pairs = new WeakMap<YAMLMap, Map<string, Pair>>();

  constructor(text: string, root: Node | null, targets: ReadonlyMap<Alias, Node>) {
    this.#text = text;
    this.#root = root;
    this.#targets = targets;
    this.#breaks = offsets(text, /\n/g);
    this.#astral = offsets(text, /[\u{10000}-\u{10ffff}]/gu);
  }

  /** The finding with its line and column. */
  diagnostic(finding: Finding, file: string): Diagnostic {
    const range = finding.range ?? this.#find(finding.path, finding.on ?? 'value');
    return {
      code: finding.code,
      severity: finding.code.startsWith('W') ? 'warning' : 'error',
      message: redact(finding.message),
      file,
      ...(range ? this.#place(range) : nowhere),
      path: redact(formatPath(finding.path)),
      ...(finding.hint !== undefined && { hint: redact(finding.hint) }),
    };
  }

  /** The line that a value is on; 0 if there is nothing at this path. */
  line(path: Path): number {
    const range = this.#find(path, 'value');
    return range ? this.#place(range).line : 0;
  }

  /** Where a value is, as a diagnostic has it; zeros if there is nothing at this path. */
  place(path: Path): Pick<Diagnostic, 'line' | 'column' | 'length'> {
    const range = this.#find(path, 'value');
    return range ? this.#place(range) : nowhere;
  }

  #place([start, end]: Range): { line: number; column: number; length: number } {
    const line = countBelow(this.#breaks, start);
    const begin = line === 0 ? 0 : this.#breaks[line - 1]! + 1;
    const lineEnd = this.#breaks[line] ?? this.#text.length;
    const stop = Math.max(
      start,
      Math.min(end, this.#text[lineEnd - 1] === '\r' ? lineEnd - 1 : lineEnd),
    );
    return {
      line: line + 1,
      column: this.#characters(begin, start) + 1,
      length: Math.max(1, this.#characters(start, stop)),
    };
  }

  /** The number of characters between two offsets; one beyond U+FFFF takes two places in the text. */
  #characters(from: number, to: number): number {
    return to - from - (countBelow(this.#astral, to) - countBelow(this.#astral, from));
  }

  /** The range of the deepest existing node on the path: something that is missing is shown where it should be. */
  #find(path: Path, on: 'key' | 'value'): Range | undefined {
    let node = this.#root;
    let key: Node | undefined;
    let complete = true;
    for (const step of path) {
      const pair = isMap(node) ? this.#pair(node, String(step)) : undefined;
      const next = pair ? pair.value : isSeq(node) ? node.items[Number(step)] : undefined;
      if (next === undefined) {
        complete = false;
        break;
      }
      key = pair ? (pair.key as Node) : undefined;
      node = this.#target(next as Node | null);
    }
    const scalar = isScalar(node) && node.range && node.range[1] > node.range[0];
    const chosen = key && (on === 'key' || !complete || !scalar) ? key : node;
    if (!chosen?.range) return undefined;
    // Of a map or list in a list only the first character is marked.
    return isMap(chosen) || isSeq(chosen)
      ? [chosen.range[0], chosen.range[0] + 1]
      : [chosen.range[0], chosen.range[1]];
  }

  #target(node: Node | null): Node | null {
    return isAlias(node) ? (this.#targets.get(node) ?? node) : node;
  }

  #pair(map: YAMLMap, key: string): Pair | undefined {
    let pairs = this.#pairs.get(map);
    if (pairs === undefined) {
      pairs = new Map();
      // Of two equal keys the first one counts, and own keys before merged ones.
      for (const pair of map.items) {
        const text = keyText(pair.key);
        if (text !== undefined && !pairs.has(text)) pairs.set(text, pair);
      }
      const merged = pairs.get('<<')?.value as Node | null | undefined;
      const from = this.#target(merged ?? null);
      for (const source of isSeq(from) ? from.items : [from]) {
        const base = this.#target(source as Node | null);
        if (!isMap(base) || base === map) continue;
        this.#pair(base, '');
        for (const [name, pair] of this.#pairs.get(base)!) {
          if (!pairs.has(name)) pairs.set(name, pair);
        }
      }
      this.#pairs.set(map, pairs);
    }
    return pairs.get(key);
  }
}
