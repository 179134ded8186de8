import { schemaText } from '../app/schema.ts';
import { exitCodes } from '../model/errors.ts';
import type { SchemaName } from '../model/schema-names.ts';
import type { Invocation } from './options.ts';

/** `fleet schema [OF]`: prints the JSON Schema of fleet.yaml, or of what fleet prints. */
export async function schemaCommand(
  _invocation: Invocation,
  _options: object,
  [of]: readonly string[],
): Promise<number> {
  process.stdout.write(schemaText(of as SchemaName | undefined));
  return exitCodes.ok;
}
