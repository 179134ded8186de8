/** docs/fleet-yaml.md: every field of fleet.yaml, from the schema that also checks it. */
import { stringify } from 'yaml';

/** A value on one line, as people write it: `[a, b]`, `{ a: b }`. */
const flow = (value) =>
  stringify(value, { collectionStyle: 'flow', lineWidth: 0 })
    .trimEnd()
    .replaceAll('[ ', '[')
    .replaceAll(' ]', ']');

/** Text inside of a table. */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (value) => `\`${cell(flow(value))}\``;
const anchor = (title) =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
const link = (text, title) => `[${text}](#${anchor(title)})`;

/** What a map of names calls its entries here. */
const entryNames = { inputs: 'INPUT', profiles: 'PROFILE', users: 'USER' };

/** Vm fields stand under defaults, under profiles and in vms; their page has them once. */
const vmFields = 'Fields of vms';

export function fleetYamlPage(schema) {
  const { definitions } = schema;
  const nameOf = (node) => node.$ref?.replace('#/definitions/', '');
  /** What stands beside $ref says more than what it refers to. */
  const resolve = (node) => {
    if (!node.$ref) return node;
    const { $ref: _, ...own } = node;
    return { ...resolve(definitions[nameOf(node)]), ...own };
  };

  const sections = [];
  const titles = new Map();

  /** The section of an object, made when it is first referred to; its title. */
  function section(node, path) {
    const key = nameOf(node) ?? path;
    if (titles.has(key)) return titles.get(key);
    const object = resolve(node);
    const title = key === 'settings' ? vmFields : path;
    titles.set(key, title);
    const own = { title, object, path, rows: [] };
    sections.push(own);
    const shared = key === 'vm' ? Object.keys(definitions.settings.properties) : [];
    for (const [name, property] of Object.entries(object.properties)) {
      if (shared.includes(name)) continue;
      const required = object.required?.includes(name) ?? false;
      own.rows.push(row(name, property, required, title === vmFields ? name : `${path}.${name}`));
    }
    own.more = shared.length > 0 ? `And all ${link('fields of vms', vmFields)}.` : undefined;
    return title;
  }

  function row(name, property, required, path) {
    const node = resolve(property);
    const value = required ? '**required**' : node.default === undefined ? '' : code(node.default);
    return `| \`${name}\` | ${kind(property, path.replace(/^fleet\.yaml\./, ''))} | ${value} | ${cell(node.description)} |`;
  }

  /** What a value is, with an example where that says more. */
  function kind(property, path) {
    const node = resolve(property);
    const [example] = node.examples ?? [];
    if (node.const !== undefined) return code(node.const);
    if (node.enum) return node.enum.map(code).join(', ');
    const types = [node.type].flat();
    if (node.properties) {
      const inside = link('fields', section(property, path));
      return types.includes('string') ? `${code(example)} or ${inside}` : inside;
    }
    if (types.includes('array')) {
      const item = resolve(node.items);
      if (item.properties) return `a list of ${link('fields', section(node.items, `${path}[]`))}`;
      return types.includes('string') ? node.examples.map(code).join(', ') : code(example);
    }
    if (types.includes('object')) {
      const entry = node.additionalProperties;
      const of = typeof entry === 'object' ? resolve(entry) : {};
      if (!of.properties) return code(example);
      const last = path.split('.').at(-1);
      const inside = link('fields', section(entry, `${path}.${entryNames[last] ?? 'NAME'}`));
      const plain = of.examples.find((each) => typeof each === 'string');
      return `by name, ${plain === undefined ? '' : `${code(plain)} or `}${inside}`;
    }
    if (types.includes('boolean')) return '`true`, `false`';
    const range = node.maximum === undefined ? '' : `, ${node.minimum} to ${node.maximum}`;
    return `${code(example)}${range}`;
  }

  /** An object's example where it stands in the file. */
  function example({ object, path, title }) {
    const [value] = object.examples?.filter((each) => typeof each === 'object') ?? [];
    if (value === undefined || title === 'fleet.yaml') return [];
    const names = { NAME: 'hv1', USER: 'ops', INPUT: 'sops-nix', PROFILE: 'web' };
    if (/^(vms|networks)/.test(path)) names.NAME = 'vm1';
    const steps = path.split('.').map((step) => names[step] ?? step);
    const nested = steps.reduceRight(
      (inner, step) => (step.endsWith('[]') ? { [step.slice(0, -2)]: [inner] } : { [step]: inner }),
      value,
    );
    const text = stringify(nested, { lineWidth: 0 }).trimEnd();
    return ['```yaml', text, '```', ''];
  }

  section({ ...schema, examples: [] }, 'fleet.yaml');
  const forms = Object.entries(definitions)
    .filter(([name]) => !(name in definitions.settings.properties))
    .map(([, node]) => node)
    .filter((node) => node.pattern && node.type === 'string');

  const lines = [
    '<!-- Generated from schemas/fleet.schema.json by `npm run generate`. Do not edit. -->',
    '# Every field of fleet.yaml',
    '',
    'What is not written has its default; a field that is not listed is an error. An editor with a YAML',
    'language server completes and explains all of this when the first line of the file names the schema,',
    'as `fleet init` writes it; `fleet schema > fleet.schema.json` renews the copy beside it.',
    '',
    '```yaml',
    '# yaml-language-server: $schema=./fleet.schema.json',
    '```',
    '',
    ...sections.map(({ title }) => `- ${link(title === vmFields ? title : `\`${title}\``, title)}`),
    `- ${link('Forms of values', 'Forms of values')}`,
    '',
    ...sections.flatMap((own) => [
      `## ${own.title === vmFields ? own.title : `\`${own.title}\``}`,
      '',
      own.title === vmFields
        ? 'Under `defaults` for every vm, under `profiles.PROFILE` for those that name it, under `vms.NAME` for one.\nA later one wins over an earlier; lists and maps are added to. Defaults and profiles are rendered once, into\n`modules/defaults.nix` and `modules/profiles/PROFILE.nix`: a change there is one diff.'
        : own.object.description,
      '',
      ...example(own),
      '| field | value | default | meaning |',
      '|---|---|---|---|',
      ...own.rows,
      '',
      ...(own.more ? [own.more, ''] : []),
    ]),
    '## Forms of values',
    '',
    '| form | rule | examples |',
    '|---|---|---|',
    ...forms.map(
      (node) =>
        `| ${node.title} | ${cell(node.description)} | ${node.examples.map(code).join(', ')} |`,
    ),
    '',
  ];
  return lines.join('\n');
}
