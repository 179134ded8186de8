import { quotePart, splitKey } from '../model/config.ts';
import type { Data } from '../model/fleet.ts';
import type { Path } from './finding.ts';
import { isFields } from './tree.ts';

/** Where a value was written: a path in fleet.yaml, and a name for that part of the file. */
export interface Origin {
  readonly layer: string;
  readonly path: Path;
}

/** Data in which every part has its origin; undefined: a default, which nobody wrote. */
export type Traced = TracedValue | TracedList | TracedMap;

export interface TracedValue {
  readonly kind: 'value';
  readonly value: null | boolean | number | string;
  readonly from: Origin | undefined;
}
export interface TracedList {
  readonly kind: 'list';
  readonly items: readonly Traced[];
  readonly from: Origin | undefined;
}
export interface TracedMap {
  readonly kind: 'map';
  readonly fields: ReadonlyMap<string, Traced>;
  readonly from: Origin | undefined;
}

const within = (from: Origin | undefined, step: string | number): Origin | undefined =>
  from && { ...from, path: [...from.path, step] };

/** Data as written in one place; a list contains each text once. */
export function trace(data: Data, from: Origin | undefined): Traced {
  if (isFields(data)) {
    const entries = Object.entries(data);
    const fields = entries.map(([key, item]) => [key, trace(item, within(from, key))] as const);
    return { kind: 'map', fields: new Map(fields), from };
  }
  if (isList(data)) {
    const items = data.map((item, i) => trace(item, within(from, i)));
    return { kind: 'list', items: distinct(items), from };
  }
  return { kind: 'value', value: data, from };
}

const isList = (data: Data): data is readonly Data[] => Array.isArray(data);

/** A `config` as written in one place, with dotted keys split into attribute names. */
export function traceConfig(data: Data, from: Origin): Traced {
  if (isList(data)) {
    const items = data.map((item, i) => traceConfig(item, within(from, i)!));
    return { kind: 'list', items, from };
  }
  if (!isFields(data)) return trace(data, from);
  let map: Traced = { kind: 'map', fields: new Map(), from };
  for (const [key, item] of Object.entries(data)) {
    const here = within(from, key)!;
    let value = traceConfig(item, here);
    for (const part of (splitKey(key) ?? [key]).toReversed()) {
      value = { kind: 'map', fields: new Map([[part, value]]), from: here };
    }
    map = merge(map, value, false);
  }
  return map;
}

/**
 * Merges layers as src/config/normalise.ts does: maps and lists are combined; of two other values the second wins.
 * @param once whether a list contains each text only once
 */
export function merge(first: Traced, second: Traced, once: boolean): Traced {
  if (first.kind === 'list' && second.kind === 'list') {
    const items = [...first.items, ...second.items];
    const from = second.items.length > 0 || first.items.length === 0 ? second.from : first.from;
    return { kind: 'list', items: once && second.items.length > 0 ? distinct(items) : items, from };
  }
  if (first.kind !== 'map' || second.kind !== 'map') return second;
  const fields = new Map(first.fields);
  for (const [key, value] of second.fields) {
    const known = fields.get(key);
    fields.set(key, known ? merge(known, value, once) : value);
  }
  return { kind: 'map', fields, from: first.fields.size > 0 ? first.from : second.from };
}

function distinct(items: readonly Traced[]): Traced[] {
  const seen = new Set<unknown>();
  return items.filter((item) => {
    if (item.kind !== 'value') return true;
    const fresh = !seen.has(item.value);
    seen.add(item.value);
    return fresh;
  });
}

/** A map of maps as one map with dotted keys, in which `config` is easiest to read. */
export function flatten(map: TracedMap): TracedMap {
  const fields = new Map<string, Traced>();
  const add = (value: Traced, key: string): void => {
    if (value.kind !== 'map' || value.fields.size === 0) fields.set(key, value);
    else for (const [part, item] of value.fields) add(item, `${key}.${quotePart(part)}`);
  };
  for (const [part, item] of map.fields) add(item, quotePart(part));
  return { ...map, fields };
}
