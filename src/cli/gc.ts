import { collectGarbage, findGarbage } from '../app/gc.ts';
import { exitCodes } from '../model/errors.ts';
import { documentText, garbageDocument } from '../report/documents.ts';
import { collectedText, garbageText } from '../report/gc-text.ts';
import { styleFor } from '../report/style.ts';
import { confirm } from './ask.ts';
import { type Invocation, usageError } from './options.ts';
import { realPorts } from './ports.ts';

export interface GcOptions {
  readonly keep: string;
  readonly days: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `fleet gc [SEL]`: old generations go, then what of the store nobody needs. Exit 1 when a hypervisor fails. */
export async function gcCommand(
  { common, signal, tell }: Invocation,
  options: GcOptions,
  [on]: readonly string[],
): Promise<number> {
  const ports = await realPorts(common);
  const old = {
    keep: count('--keep', options.keep),
    seconds: count('--days', options.days) * 86_400,
  };
  const input = { where: common, old, ...(on !== undefined && { on }) };
  const garbage = await findGarbage(ports, input, tell, signal);
  const shown = options.json ? process.stderr : process.stdout;
  shown.write(garbageText(garbage.found, styleFor(shown)));
  if (!options.yes && !(await confirm('Delete these, and collect the store?', signal))) {
    process.stderr.write('Nothing was deleted.\n');
    if (options.json) process.stdout.write(documentText(garbageDocument([], true)));
    return exitCodes.failed;
  }
  const gone = await collectGarbage(ports, garbage, signal);
  process.stdout.write(options.json ? documentText(garbageDocument(gone)) : collectedText(gone));
  return gone.some(({ answer }) => answer instanceof Error) ? exitCodes.failed : exitCodes.ok;
}

/** @throws FleetError `options.number` */
function count(option: string, text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw usageError('options.number', `${option} ${text} is not a number`);
}
