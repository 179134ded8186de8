/** What there is a JSON Schema of: fleet.yaml, what `--json` prints, and a line of `--json-stream`. */
export const schemaNames = ['fleet', 'documents', 'event'] as const;

export type SchemaName = (typeof schemaNames)[number];
