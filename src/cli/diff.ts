import { diff } from '../app/diff.ts';
import { exitCodes } from '../model/errors.ts';
import { diffText } from '../report/diff-text.ts';
import { diffDocument, documentText } from '../report/documents.ts';
import { styleFor } from '../report/style.ts';
import { type Invocation, usageError } from './options.ts';
import { realPorts } from './ports.ts';

/** `fleet diff NAME [A] [B] [--json]`: how generation B differs from A. */
export async function diffCommand(
  { common, signal, tell }: Invocation,
  { json }: { readonly json?: boolean },
  [name = '', a, b]: readonly string[],
): Promise<number> {
  const input = { where: common, name, from: numberOf(a), to: numberOf(b) };
  const found = await diff(await realPorts(common), input, tell, signal);
  process.stdout.write(
    json ? documentText(diffDocument(found)) : diffText(found, styleFor(process.stdout)),
  );
  return exitCodes.ok;
}

/** @throws FleetError `options.number` */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? text : Number(text);
  throw usageError(
    'options.number',
    `${text} is not the number of a generation`,
    'fleet rollback --list has them.',
  );
}
