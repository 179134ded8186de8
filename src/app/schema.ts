import { readFileSync } from 'node:fs';

/** Name under which a fleet repository keeps the schema for editors. */
export const schemaFile = 'fleet.schema.json';

/** First line of a fleet.yaml, by which an editor's YAML server finds the schema beside it. */
export const modeline = `# yaml-language-server: $schema=./${schemaFile}`;

/** The JSON Schema of fleet.yaml. */
export const schemaText = (): string =>
  readFileSync(new URL('../../schemas/fleet.schema.json', import.meta.url), 'utf8');
