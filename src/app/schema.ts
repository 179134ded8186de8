import { readFileSync } from 'node:fs';
import type { SchemaName } from '../model/schema-names.ts';
import { ownFile } from '../own-files.ts';

/** Name under which a fleet repository keeps the schema for editors. */
export const schemaFile = 'fleet.schema.json';

/** First line of a fleet.yaml, by which an editor's YAML server finds the schema beside it. */
export const modeline = `# yaml-language-server: $schema=./${schemaFile}`;

/** A JSON Schema; default: that of fleet.yaml. */
export const schemaText = (of: SchemaName = 'fleet'): string =>
  readFileSync(ownFile(`../schemas/${of}.schema.json`), 'utf8');
