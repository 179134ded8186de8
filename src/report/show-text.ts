import { stringify } from 'yaml';
import type { Effective } from '../config/effective.ts';
import type { Origin, Traced } from '../config/traced.ts';
import type { Data } from '../model/fleet.ts';
import type { ShowDocument, ShownValue } from './json/desk.ts';
import type { Style } from './style.ts';

interface Row {
  readonly text: string;
  /** Absent for keys of what follows. */
  readonly value?: { readonly from: Origin | undefined };
}

/** Further right than this no origin is lined up with the others. */
const maxColumn = 48;

/** The effective configuration as YAML, with the origin of every value in a comment. */
export function showText(shown: Effective, file: string, style: Style): string {
  const rows = [...mapRows(shown.fields, 2)];
  const widths = rows.filter(({ value }) => value).map(({ text }) => text.length);
  const column = Math.max(0, ...widths.filter((width) => width <= maxColumn));
  const lines = rows.map(({ text, value }) => {
    if (!value) return text;
    const origin = originText(value.from, shown, file);
    return `${text.padEnd(column)}  ${style('dim', `# ${origin}`)}`;
  });
  return `${[`${shown.name}:`, ...lines].join('\n')}\n`;
}

function originText(from: Origin | undefined, { lineOf, kind }: Effective, file: string): string {
  if (!from) return 'default';
  // A hypervisor or network is written in one place.
  const layer = kind === 'vm' ? ` ${from.layer}` : '';
  return `${file}:${lineOf(from)}${layer}`;
}

function* mapRows(fields: ReadonlyMap<string, Traced>, indent: number): Iterable<Row> {
  for (const [key, value] of fields) {
    const head = `${' '.repeat(indent)}${scalar(key)}:`;
    if (isLeaf(value)) yield { text: `${head} ${leafText(value)}`, value };
    else {
      yield { text: head };
      yield* rowsOf(value, indent + 2);
    }
  }
}

function* rowsOf(value: Traced, indent: number): Iterable<Row> {
  if (value.kind === 'map') yield* mapRows(value.fields, indent);
  if (value.kind !== 'list') return;
  const dash = `${' '.repeat(indent)}- `;
  for (const item of value.items) {
    if (isLeaf(item)) yield { text: dash + leafText(item), value: item };
    else {
      const [first, ...rest] = rowsOf(item, indent + 2);
      yield { ...first!, text: dash + first!.text.slice(indent + 2) };
      yield* rest;
    }
  }
}

const isLeaf = (value: Traced): boolean =>
  value.kind === 'value' ||
  (value.kind === 'list' ? value.items.length === 0 : value.fields.size === 0);

function leafText(value: Traced): string {
  if (value.kind === 'value') return scalar(value.value);
  return value.kind === 'list' ? '[]' : '{}';
}

/** On one line, whatever is in it. */
const scalar = (value: null | boolean | number | string): string =>
  typeof value === 'string' && /[\n\r]/.test(value)
    ? JSON.stringify(value)
    : stringify(value, { lineWidth: 0 }).trimEnd();

/** The same as data: every value with its path below the thing, and its origin. */
export function showDocument(shown: Effective, file: string): ShowDocument {
  const values: ShownValue[] = [];
  const walk = (value: Traced, path: readonly (string | number)[]): void => {
    if (isLeaf(value)) {
      const from = value.from && {
        file,
        line: shown.lineOf(value.from),
        layer: value.from.layer,
      };
      values.push({ path, value: leaf(value), from: from ?? 'default' });
    } else if (value.kind === 'list') {
      for (const [i, item] of value.items.entries()) walk(item, [...path, i]);
    } else if (value.kind === 'map') {
      for (const [key, item] of value.fields) walk(item, [...path, key]);
    }
  };
  for (const [field, value] of shown.fields) walk(value, [field]);
  return { kind: 'show', version: 1, about: shown.kind, name: shown.name, values };
}

function leaf(value: Traced): Data {
  if (value.kind === 'value') return value.value;
  return value.kind === 'list' ? [] : {};
}
