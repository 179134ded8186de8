import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

type Node = Readonly<Record<string, unknown>>;

/** The schema of events as it is published. */
export const schema: Node & {
  readonly definitions: Readonly<Record<string, { readonly enum?: readonly string[] }>>;
} = JSON.parse(readFileSync(new URL('../../schemas/event.schema.json', import.meta.url), 'utf8'));

/** Nothing that it does not name: what is told has to be written down. */
function strict(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(strict);
  if (typeof node !== 'object' || node === null) return node;
  const inner = Object.entries(node).map(([key, value]) => [key, strict(value)] as const);
  const isClosed = 'properties' in node && !('kind' in (node.properties as object));
  return { ...Object.fromEntries(inner), ...(isClosed && { additionalProperties: false }) };
}

const ajv = new Ajv({ allowUnionTypes: true, discriminator: false });
const validates = [schema, strict(schema)].map((one) => ajv.compile(one as object));

/** What is wrong with an event by the schema; none when nothing is. */
export function problemsOf(event: unknown): string[] {
  const type = (event as { readonly type?: string }).type ?? '';
  return validates.flatMap((validate) =>
    validate(event) ? [] : [`${type}: ${ajv.errorsText(validate.errors?.slice(0, 3))}`],
  );
}
