import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Data } from '../model/fleet.ts';
import { plainText } from '../model/plain-text.ts';
import { didYouMean } from '../model/suggest.ts';
import type { Code } from './codes.ts';
import type { Finding } from './finding.ts';

/** Deeper than any fleet.yaml, shallow enough for every function that walks it. */
const maxDepth = 100;
/** How many values aliases may add: a few lines of aliases can stand for billions. */
const maxExpanded = 1_000_000;

const coreTags = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

/** A map of YAML as data. */
export type Fields = Readonly<Record<string, Data>>;

export const isFields = (data: Data | undefined): data is Fields =>
  typeof data === 'object' && data !== null && !Array.isArray(data);

/** The data of a YAML document, and the node that each alias refers to. */
export interface Tree {
  readonly data: Data;
  readonly targets: ReadonlyMap<Alias, Node>;
  readonly findings: Finding[];
}

/** A key as text. Numbers and booleans are taken as written; undefined: not a scalar, or null. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null) return undefined;
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}

/**
 * Converts nodes to data. Not with toJS(), because this is linear with many keys and aliases, and reports errors that
 * toJS() ignores.
 */
export function readTree(root: Node | null): Tree {
  const findings: Finding[] = [];
  const targets = new Map<Alias, Node>();
  const anchors = new Map<string, Node>();
  const read = new Map<Node, { data: Data; size: number }>();
  const path: (string | number)[] = [];
  let size = 0;
  let expanded = 0;
  let stopped = false;

  function report(code: Code, node: Node, message: string, hint?: string): null {
    const range = node.range ? ([node.range[0], node.range[1]] as const) : undefined;
    findings.push({ code, path: [...path], message, hint, ...(range && { range }) });
    return null;
  }

  function value(node: Node | null): Data {
    if (node === null) return null;
    size++;
    if (isAlias(node)) return alias(node);
    if (node.tag && !coreTags.test(node.tag)) {
      return report('E113', node, 'YAML tags are not supported', 'write the value without the !');
    }
    if (!node.anchor) return content(node);
    const before = size;
    anchors.set(node.anchor, node);
    const data = content(node);
    read.set(node, { data, size: size - before + 1 });
    return data;
  }

  function content(node: Node): Data {
    if (isScalar(node)) return scalar(node);
    if (path.length > maxDepth) {
      if (!stopped) report('E109', node, `this is nested more than ${maxDepth} levels deep`);
      stopped = true;
      return null;
    }
    if (isMap(node)) return map(node);
    if (!isSeq(node)) return null;
    return node.items.map((item, i) => within(i, item as Node | null));
  }

  function within(step: string | number, node: Node | null): Data {
    path.push(step);
    const data = value(node);
    path.pop();
    return data;
  }

  function alias(node: Alias): Data {
    const target = anchors.get(node.source);
    if (!target) {
      const message = `there is no anchor &${short(node.source)} before this alias`;
      return report('E107', node, message, didYouMean(node.source, anchors.keys()));
    }
    targets.set(node, target);
    const done = read.get(target);
    if (!done) return report('E108', node, `*${node.source} contains itself`);
    expanded += done.size;
    size += done.size;
    if (expanded <= maxExpanded) return done.data;
    if (!stopped) report('E108', node, 'the aliases of this file stand for too many values');
    stopped = true;
    return null;
  }

  function map(node: YAMLMap): Data {
    const data: Record<string, Data> = {};
    let merged: readonly Fields[] | undefined;
    for (const { key: keyNode, value: item } of node.items as Pair<Node | null, Node | null>[]) {
      const at = keyNode ?? item ?? node;
      const key = keyText(keyNode);
      if (keyNode?.anchor) value(keyNode);
      if (key === undefined) {
        report('E110', at, 'this key is not text', 'write the key as plain text or in quotes');
      } else if (!checkText(key, at)) {
        // Reported already.
      } else if (key === '__proto__') {
        report('E110', at, 'this key cannot be used');
      } else if (Object.hasOwn(data, key) || (key === '<<' && merged !== undefined)) {
        path.push(key);
        report('E104', at, `the key "${short(key)}" is given twice`, 'keep one of the two');
        path.pop();
      } else if (key === '<<' && (keyNode as Scalar).type === 'PLAIN') {
        merged = bases(item, node);
      } else {
        data[key] = within(key, item);
      }
    }
    // After its own keys, which win wherever << is.
    for (const base of merged ?? []) {
      for (const [key, item] of Object.entries(base)) {
        if (!Object.hasOwn(data, key)) data[key] = item;
      }
    }
    return data;
  }

  /** The maps that << adds. */
  function bases(node: Node | null, map: Node): readonly Fields[] {
    const known = findings.length;
    const data = within('<<', node);
    const given: readonly Data[] = Array.isArray(data) ? data : [data];
    const maps = given.filter(isFields);
    if (maps.length < given.length && findings.length === known) {
      report('E114', node ?? map, '<< needs a map or a list of maps', 'write <<: *anchor');
    }
    return maps;
  }

  /** Control characters from an escape (`"\\e"`). In `config` they are allowed, and are escaped for Nix. */
  function checkText(text: string, node: Node): boolean {
    if (path.includes('config') || plainText(text, text.length) === text) return true;
    report('E103', node, 'this contains an invisible character', 'write it without');
    return false;
  }

  function scalar(node: Scalar): Data {
    const { value, source = '' } = node;
    if (typeof value === 'string') checkText(value, node);
    if (typeof value !== 'number') return value as string | boolean | null;
    if (/^[-+]?0[0-9]+$/.test(source)) {
      const hint = `write ${value}, or "${short(source)}" when text is meant`;
      report('E111', node, `${short(source)} is read as octal by some and not by others`, hint);
    } else if (!Number.isFinite(value)) {
      report('E112', node, `${short(source)} is not a number that Nix can hold`);
    } else if (/^[-+]?(0[xo])?[0-9a-f]+$/i.test(source) && !Number.isSafeInteger(value)) {
      const hint = 'at most 9007199254740991; larger ones belong in a module';
      report('E112', node, `${short(source)} is too large to be kept exactly`, hint);
    } else if (path.includes('config') && Number.isInteger(value) && /[.eE]/.test(source)) {
      const hint = 'an option that insists on a float has to be set in a module';
      report('W110', node, `${short(source)} is read as the whole number ${value}`, hint);
    }
    return value;
  }

  const data = value(root);
  return { data, targets, findings };
}

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);
