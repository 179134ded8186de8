import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fixture } from './fixtures.ts';

interface Schema {
  $ref?: string;
  description?: string;
  default?: unknown;
  examples?: unknown[];
  type?: string | string[];
  required?: string[];
  properties?: Record<string, Schema>;
  definitions?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
}

const root = new URL('../../', import.meta.url);
const schema = JSON.parse(
  readFileSync(new URL('schemas/fleet.schema.json', root), 'utf8'),
) as Schema;
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
ajv.addSchema(schema, 'fleet');

/** A schema with what it refers to; what stands beside $ref wins. */
function resolve(node: Schema): Schema {
  if (!node.$ref) return node;
  return { ...resolve(schema.definitions![node.$ref.replace('#/definitions/', '')]!), ...node };
}

/** Every property of every object in the schema. */
function properties(
  node: Schema,
  at: string,
): { at: string; property: Schema; required: boolean }[] {
  const own = Object.entries(node.properties ?? {}).flatMap(([name, property]) => [
    { at: `${at}.${name}`, property, required: node.required?.includes(name) ?? false },
    ...properties(property, `${at}.${name}`),
  ]);
  const inner = [node.items, node.additionalProperties].filter((n) => typeof n === 'object');
  return [
    ...own,
    ...inner.flatMap((n) => properties(n, `${at}[]`)),
    ...Object.entries(node.definitions ?? {}).flatMap(([name, n]) => properties(n, `#${name}`)),
  ];
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

describe('every field', () => {
  const all = properties(schema, '');

  test.each(all.map((entry) => [entry.at, entry] as const))('%s', (_, { property, required }) => {
    const { description = '', examples = [], default: value, ...rest } = resolve(property);
    expect(description).toMatch(/^\S.*\.$/);
    expect(examples).not.toHaveLength(0);
    if (!required && value === undefined) expect(description).toContain('Default:');
    const check = ajv.compile({ ...rest, definitions: schema.definitions });
    for (const example of [...examples, ...(value === undefined ? [] : [value])]) {
      expect(check(example), `${JSON.stringify(example)}: ${ajv.errorsText(check.errors)}`).toBe(
        true,
      );
    }
  });
});

test('objects take no fields beyond those listed, except maps of names', () => {
  const open: string[] = [];
  const walk = (node: Schema, at: string): void => {
    if ([node.type].flat().includes('object') && node.additionalProperties !== false) open.push(at);
    for (const [name, n] of Object.entries({ ...node.properties, ...node.definitions }))
      walk(n, name);
    if (node.items) walk(node.items, `${at}[]`);
    if (typeof node.additionalProperties === 'object') walk(node.additionalProperties, `${at}.*`);
  };
  walk(schema, '');
  expect(open.toSorted(byText)).toEqual(
    [
      'config',
      'credentials',
      'follows',
      'hypervisors',
      'inputs',
      'networks',
      'profiles',
      'replace',
      'users',
      'vms',
    ].toSorted(byText),
  );
});

test('the example file has the shape of the schema', () => {
  const check = ajv.getSchema('fleet')!;
  expect(check(parse(fixture('example.yaml'))), ajv.errorsText(check.errors)).toBe(true);
});

test('docs/fleet-yaml.md is what the schema gives', () => {
  const script = fileURLToPath(new URL('scripts/generate.mjs', root));
  expect(() =>
    execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' }),
  ).not.toThrow();
}, 180_000);
