import { events } from '../app/events.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import { documentLine, missingEventsDocument } from '../report/documents.ts';
import { eventLines, eventsText } from '../report/events-text.ts';
import { styleFor } from '../report/style.ts';
import { sinceOf } from './moment.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';
import { linesOf, readerGone, write } from './reader.ts';

export interface EventsOptions {
  readonly follow?: boolean;
  readonly lines?: string;
  readonly since?: string;
  readonly json?: boolean;
}

/** `fleet events [NAME…] [-f] [-n N] [--since T] [--json]` */
export async function eventsCommand(
  { common, signal, tell }: Invocation,
  options: EventsOptions,
  names: readonly string[],
): Promise<number> {
  const { follow = false, json = false } = options;
  const ports = await realPorts(common);
  const since = options.since === undefined ? undefined : sinceOf(options.since, ports.clock.now());
  const count = linesOf(options.lines, since === undefined ? 50 : 10_000);
  const text = eventsText(styleFor(process.stdout), process.stdout.isTTY ? 80 : undefined);
  const gone = readerGone();
  try {
    const { silent, cut } = await events(
      ports,
      {
        ...{ where: common, names, count, since, follow },
        show: (found) => write('stdout', json ? eventLines(found) : text(found)),
      },
      tell,
      AbortSignal.any([signal, gone]),
    );
    const missing = silent.map(({ hypervisor }) => hypervisor);
    if (json && missing.length > 0)
      process.stdout.write(documentLine(missingEventsDocument(missing)));
    for (const name of since !== undefined && options.lines === undefined ? cut : [])
      process.stderr.write(`${name}: only its last ${count} events; -n shows more.\n`);
    for (const name of missing) process.stderr.write(`The events of ${name} are missing.\n`);
    return silent.length > 0 ? exitCodes.failed : exitCodes.ok;
  } catch (error) {
    const isEnd = error instanceof FleetError && error.code === 'interrupted';
    if (!follow || !isEnd) throw error;
    // That is how following ends: nothing is to be said of it.
    return gone.aborted && !signal.aborted ? exitCodes.ok : exitCodes.failed;
  }
}
