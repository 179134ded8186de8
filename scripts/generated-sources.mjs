/**
 * The texts of the *.generated.ts of src: the types of fleet.yaml as it is written, its validator and its defaults, so that
 * neither a schema compiler nor its start-up time is needed to run; and the shell of rendered modules as text, for
 * src/render reads no files.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { compile } from 'json-schema-to-typescript';

const root = new URL('../', import.meta.url);
const note = '// Generated from schemas/fleet.schema.json by `npm run generate`. Do not edit.\n';
const schema = JSON.parse(readFileSync(new URL('schemas/fleet.schema.json', root), 'utf8'));

/** The schema with only what makes a type: one type per definition, named after it. */
function typeSchema(node) {
  if (Array.isArray(node)) return node.map(typeSchema);
  if (typeof node !== 'object' || node === null) return node;
  if ('$ref' in node) return { $ref: node.$ref };
  const { title: _title, oneOf: _oneOf, default: _default, examples: _examples, ...rest } = node;
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [
      key,
      // In a map of names, `title` and the like would be names.
      key === 'properties' || key === 'definitions'
        ? Object.fromEntries(Object.entries(value).map(([name, of]) => [name, typeSchema(of)]))
        : typeSchema(value),
    ]),
  );
}

async function types() {
  const input = { ...typeSchema(schema), title: 'FleetYaml' };
  input.definitions.config.tsType = 'Readonly<Record<string, Data>>';
  const source = await compile(input, 'FleetYaml', {
    additionalProperties: false,
    bannerComment: `${note}\nimport type { Data } from '../model/fleet.ts';\n`,
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true, printWidth: 100 },
  });
  return source;
}

function validator() {
  const ajv = new Ajv({
    allErrors: true,
    allowUnionTypes: true,
    code: { source: true, esm: true, lines: true },
    verbose: true,
  });
  const code = standalone.default(ajv, ajv.compile(schema));
  if (/\brequire\(|\bimport\b/.test(code)) throw new Error('the validator imports a helper of ajv');
  // TypeScript in name only: so that one file serves both type stripping and the build.
  return `${note}// @ts-nocheck\n${code}\n`;
}

/** The fields of what `fleet show` shows, in their order, with their defaults. */
function defaults() {
  const fields = (node) => {
    const { $ref, ...own } = node;
    const {
      default: value,
      properties,
      items,
      additionalProperties,
    } = {
      ...($ref && schema.definitions[$ref.replace('#/definitions/', '')]),
      ...own,
    };
    return {
      ...(value !== undefined && { value }),
      ...(properties && {
        fields: Object.fromEntries(
          Object.entries(properties).map(([name, property]) => [name, fields(property)]),
        ),
      }),
      ...(items && { items: fields(items) }),
      ...(typeof additionalProperties === 'object' && { values: fields(additionalProperties) }),
    };
  };
  const kinds = { vm: 'vm', hypervisor: 'hypervisorMachine', network: 'network' };
  const all = Object.entries(kinds).map(([kind, name]) => [
    kind,
    fields({ $ref: `#/definitions/${name}` }),
  ]);
  const text = JSON.stringify(Object.fromEntries(all), null, 2);
  return [
    note,
    "import type { Data } from '../model/fleet.ts';\n",
    '/** What a field is when nobody writes it, and the fields inside of it. */',
    'export interface Defaults {',
    '  readonly value?: Data;',
    '  readonly fields?: Readonly<Record<string, Defaults>>;',
    '  readonly items?: Defaults;',
    '  readonly values?: Defaults;',
    '}\n',
    `export const defaults: Readonly<Record<'vm' | 'hypervisor' | 'network', Defaults>> = ${text};`,
    '',
  ].join('\n');
}

const unitLibraries = [
  ...['lib', 'deployments', 'locks', 'spool', 'guest-state'],
  ...['dump', 'ends', 'gc', 'guest-ssh', 'vmm'],
];

/** Every src/render/modules/NAME.sh as a constant `nameScript`, and these libraries. */
function shell() {
  const folder = 'src/render/modules/';
  const scripts = readdirSync(new URL(folder, root)).filter((file) => /\.(sh|jq)$/.test(file));
  const all = [
    ...scripts.map((file) => [file, `${folder}${file}`]),
    // Units of a hypervisor use the same libraries as the scripts that are sent to it.
    ...unitLibraries.map((name) => [`${name}.sh`, `src/host/scripts/${name}.sh`]),
  ].sort(([a], [b]) => (a < b ? -1 : 1));
  const constants = all.map(([file, path]) => {
    const name = file.replace(/\.\w+$/, '').replace(/-(.)/g, (_, c) => c.toUpperCase());
    const text = readFileSync(new URL(path, root), 'utf8');
    const quoted = text.replace(/[\\`]|\$(?=\{)/g, '\\$&');
    return `/** ${file} */\nexport const ${name}${file.endsWith('.jq') ? 'Program' : 'Script'} = \`${quoted}\`;\n`;
  });
  const from = note.replace(
    'schemas/fleet.schema.json',
    'src/render/modules/*.sh and src/host/scripts/*.sh',
  );
  return [from, ...constants].join('\n');
}

/** Path → text. */
export const sources = {
  'src/config/schema.generated.ts': await types(),
  'src/config/validate.generated.ts': validator(),
  'src/config/defaults.generated.ts': defaults(),
  'src/render/modules/shell.generated.ts': shell(),
};
