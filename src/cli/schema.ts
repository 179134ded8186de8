import { schemaText } from '../app/schema.ts';
import { exitCodes } from '../model/errors.ts';

/** `fleet schema`: prints the JSON Schema of fleet.yaml. */
export async function schemaCommand(): Promise<number> {
  process.stdout.write(schemaText());
  return exitCodes.ok;
}
