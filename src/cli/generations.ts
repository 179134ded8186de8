import { generations, type KnownGenerations } from '../app/generations.ts';
import { exitCodes } from '../model/errors.ts';
import { documentText, generationsDocument } from '../report/documents.ts';
import { generationsText } from '../report/generations-text.ts';
import { silentText } from '../report/silent-text.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';

/** `fleet rollback --list`, and what `fleet rollback` without a name shows. */
export async function listCommand(
  { common, signal, tell }: Invocation,
  { list, json }: { readonly list?: boolean; readonly json?: boolean },
  names: readonly string[],
): Promise<number> {
  const ports = await realPorts(common, { isAsking: true });
  const known = await generations(ports, { where: common, names }, tell, signal);
  show(known, json ?? false, ports.clock.now() / 1000);
  if (!list) {
    process.stderr.write('\nName what to roll back: fleet rollback NAME…\n');
    return exitCodes.usage;
  }
  return known.silent.length > 0 ? exitCodes.failed : exitCodes.ok;
}

function show({ rows, silent }: KnownGenerations, json: boolean, now: number): void {
  for (const one of silent)
    process.stderr.write(silentText(one, 'its generations are not among these'));
  process.stdout.write(
    json ? documentText(generationsDocument(rows, silent)) : generationsText(rows, now),
  );
}
