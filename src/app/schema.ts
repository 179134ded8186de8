import { readFileSync } from 'node:fs';
import { ownFile } from '../own-files.ts';

/** Name under which a fleet repository keeps the schema for editors. */
export const schemaFile = 'fleet.schema.json';

/** First line of a fleet.yaml, by which an editor's YAML server finds the schema beside it. */
export const modeline = `# yaml-language-server: $schema=./${schemaFile}`;

/** The JSON Schema of fleet.yaml. */
export const schemaText = (): string =>
  readFileSync(ownFile('../schemas/fleet.schema.json'), 'utf8');
