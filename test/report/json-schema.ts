import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

interface Node {
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly $ref?: string;
  readonly anyOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
}

/** A schema as it is published. */
export type Schema = Node & { readonly definitions: Readonly<Record<string, Node>> };

const read = (name: string): Schema =>
  JSON.parse(
    readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8'),
  ) as Schema;

/** Of what `--json` prints, and of a line of `--json-stream`. */
export const schemas = { documents: read('documents'), event: read('event') } as const;

/** Nothing that it does not name: what is told has to be written down. */
function strict(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(strict);
  if (typeof node !== 'object' || node === null) return node;
  const inner = Object.entries(node).map(([key, value]) => [key, strict(value)] as const);
  const isClosed = 'properties' in node && !('additionalProperties' in node);
  return { ...Object.fromEntries(inner), ...(isClosed && { additionalProperties: false }) };
}

const ajv = new Ajv({ allowUnionTypes: true });
for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(strict(schema) as object, name);

/** What is wrong with data by a definition of a schema; none when nothing is. */
function problemsBy(schema: string, definition: string, data: unknown): string[] {
  const validate = ajv.getSchema(`${schema}#/definitions/${definition}`);
  if (!validate) return [`${schema} has no ${definition}`];
  return validate(data)
    ? []
    : (validate.errors ?? []).slice(0, 3).map((error) => {
        const what = JSON.stringify(error.params);
        return `${definition}${error.instancePath} ${error.message} ${what}`;
      });
}

/** The definition of each `kind`. */
export const definitionOf: ReadonlyMap<string, string> = new Map(
  Object.entries(schemas.documents.definitions).flatMap(([name, { properties }]) => {
    const kind = properties?.version ? properties.kind : undefined;
    const named = kind?.$ref?.replace('#/definitions/', '');
    const { enum: all, const: one } =
      (named === undefined ? kind : schemas.documents.definitions[named]) ?? {};
    return (all ?? (one === undefined ? [] : [one])).map((kind) => [kind, name] as const);
  }),
);

/** What is wrong with what `--json` printed. */
export function problemsOfDocument(document: unknown): string[] {
  const { kind } = document as { readonly kind?: string };
  const definition = definitionOf.get(kind ?? '');
  if (definition === undefined) return [`no schema has a document of kind ${kind}`];
  return problemsBy('documents', definition, document);
}

/** What is wrong with a line of `--json-stream`. */
export function problemsOf(event: unknown): string[] {
  const { type, result } = event as { readonly type?: string; readonly result?: unknown };
  if (type !== 'result') return problemsBy('event', 'EventLine', event);
  return [...problemsBy('event', 'ResultEvent', event), ...problemsOfDocument(result)];
}

/**
 * Throws when a run that was to print JSON printed something else, or what no schema has: whatever a test looks for,
 * nothing leaves unwritten. One that a signal ended, or whose reader went away, may have printed nothing.
 */
export function requireDocuments(
  args: readonly string[],
  {
    code,
    stdout,
    stderr,
  }: { readonly code: number; readonly stdout: string; readonly stderr: string },
): void {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const isStream = own.includes('--json-stream');
  if (!isStream && !own.includes('--json')) return;
  if (stdout === '' && [129, 130, 143].includes(code)) return;
  const problems = isStream
    ? linesOf(stdout).flatMap(problemsOf)
    : documentsOf(stdout).flatMap(problemsOfDocument);
  if (problems.length > 0)
    throw new Error(
      `fleet ${args.join(' ')}: ${problems.join('\n')}\nexit code ${code}\n${stdout}\n${stderr}`,
    );
}

const linesOf = (stdout: string): unknown[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

/** One document, or one on each line. */
function documentsOf(stdout: string): unknown[] {
  try {
    return [JSON.parse(stdout)];
  } catch {
    return linesOf(stdout);
  }
}
