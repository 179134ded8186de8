import { history } from '../app/history.ts';
import { exitCodes } from '../model/errors.ts';
import { documentText, historyDocument } from '../report/documents.ts';
import { byTime, historyText } from '../report/history-text.ts';
import { silentText } from '../report/silent-text.ts';
import { styleFor } from '../report/style.ts';
import { type Invocation, usageError } from './options.ts';
import { realPorts } from './ports.ts';

export interface HistoryOptions {
  readonly last?: string;
  readonly json?: boolean;
}

/** `fleet history [NAME]`: what hypervisors remember, the youngest first: of all, or of what is named. */
export async function historyCommand(
  { common, signal, tell }: Invocation,
  options: HistoryOptions,
  [name]: readonly string[],
): Promise<number> {
  const last = lastOf(options);
  const input = { where: common, ...(name !== undefined && { name }) };
  const { asked, entries, operations, silent } = await history(
    await realPorts(common, { isAsking: true }),
    input,
    tell,
    signal,
  );
  const shown = byTime(entries, operations).slice(0, last);
  for (const one of silent) process.stderr.write(silentText(one, 'its history is not included'));
  if (options.json)
    process.stdout.write(
      documentText(
        historyDocument(
          shown.filter((one) => 'deployment' in one),
          shown.filter((one) => 'operation' in one),
          silent,
        ),
      ),
    );
  else if (silent.length < asked && shown.length === 0)
    process.stderr.write(
      `${silent.length === 0 ? 'No deployments are recorded' : 'No deployments are recorded on the others'}.\n`,
    );
  else process.stdout.write(historyText(shown, styleFor(process.stdout)));
  return silent.length > 0 ? exitCodes.failed : exitCodes.ok;
}

/** How many are shown. @throws FleetError for what is no number. */
function lastOf({ last, json }: HistoryOptions): number {
  if (last === undefined) return json ? Number.POSITIVE_INFINITY : 20;
  if (/^\d+$/.test(last)) return Number(last);
  throw usageError('options.number', `--last ${last} is not a number`);
}
