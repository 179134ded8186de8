import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { declareCommands } from '../../src/cli/commands.ts';
import { definitionOf, problemsOf, problemsOfDocument } from './json-schema.ts';

const page = (name: string) =>
  readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8');
const json = page('json');
/** Heading → what stands below it. */
const sections = new Map(
  json
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf('\n')), text] as const),
);
const blocks = (text: string) =>
  [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
const examples = [...sections].flatMap(([heading, text]) =>
  blocks(text).map((block) => [heading, JSON.parse(block)] as const),
);

describe('docs/json.md', () => {
  test.each(examples)('the example of %s is such a document', (heading, document) => {
    expect(heading.split(', ')).toContain(document.kind);
    expect(problemsOfDocument(document)).toEqual([]);
  });

  test('has an example of every kind', () => {
    const kinds = examples.flatMap(([heading]) => heading.split(', '));
    expect(kinds.toSorted()).toEqual([...definitionOf.keys()].toSorted());
  });

  test('says of every command what its document is, or that it has none', () => {
    const [table = '', ...none] = sections
      .get('Commands and their documents')!
      .split(/\n(?=These)/);
    const named = (text: string) => [...text.matchAll(/`([a-z]+)`/g)].map(([, name]) => name);
    const rows = table.split('\n').flatMap((row) => named(row.split(' | ')[0] ?? ''));
    const [has, hasNot]: [string[], string[]] = [[], []];
    declareCommands((command, _load, more) => {
      if (more?.hidden) return;
      const isAsked = command.options.some(({ long }) => long === '--json');
      (isAsked ? has : hasNot).push(command.name());
    });
    expect(new Set(rows)).toEqual(new Set(has));
    expect(new Set(named(none.join('')))).toEqual(new Set(hasNot));
    for (const [, link] of json.matchAll(/\]\(#([^)]*)\)/g))
      expect([...sections.keys()].map((h) => h.replaceAll(', ', '-'))).toContain(link);
  });
});

test('the examples of docs/events.md are events', () => {
  const lines = blocks(page('events')).flatMap((block) => block.trim().split('\n'));
  expect(lines.length).toBeGreaterThan(3);
  expect(lines.flatMap((line) => problemsOf(JSON.parse(line)))).toEqual([]);
});

test('a document with what no schema has is found out', () => {
  const error = { code: 'x.y', message: 'm', blames: 'user' };
  expect(problemsOfDocument({ kind: 'error', version: 1, error })).toEqual([]);
  for (const wrong of [
    { kind: 'error', version: 2, error },
    { kind: 'error', version: 1, error: { ...error, secret: 1 } },
    { kind: 'error', version: 1, error: { code: 'x.y', message: 'm' } },
    { kind: 'rumour', version: 1 },
  ])
    expect(problemsOfDocument(wrong)).not.toEqual([]);
});
