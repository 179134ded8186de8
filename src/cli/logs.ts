import { logs } from '../app/logs.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { LogLine, LogUnit } from '../model/log-line.ts';
import { documentLine, documentText, logsDocument, missingDocument } from '../report/documents.ts';
import { logLines, logText } from '../report/logs-text.ts';
import { styleFor } from '../report/style.ts';
import { sinceOf } from './moment.ts';
import { type Invocation, refusePointless, usageError } from './options.ts';
import { realPorts } from './ports.ts';
import { linesOf, readerGone, write } from './reader.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  readonly lines?: string;
  readonly since?: string;
  readonly deployment?: string;
  readonly unit?: LogUnit;
  readonly json?: boolean;
}

/** `fleet logs NAME… [-f] [-n N] [--since T] [--deployment ID] [--unit U] [--json]` */
export async function logsCommand(
  { common, signal, tell }: Invocation,
  options: LogsOptions,
  names: readonly string[],
): Promise<number> {
  const { follow = false, deployment, unit, json = false } = options;
  if (deployment !== undefined)
    refusePointless(
      options,
      ['--follow', '--since'],
      '--deployment is a span of time that is over.',
    );
  const ports = await realPorts(common);
  const since = options.since === undefined ? undefined : sinceOf(options.since, ports.clock.now());
  const isSpan = since !== undefined || deployment !== undefined;
  const lines = linesOf(options.lines, isSpan ? 1000 : 50);
  if (deployment !== undefined && !/^[\w.-]{1,100}$/.test(deployment))
    throw usageError(
      'options.deployment',
      `--deployment ${deployment} is no id`,
      'fleet history has them.',
    );

  const all: LogLine[] = [];
  const text = logText(names.length > 1 || /[*@]/.test(names.join('')), styleFor(process.stdout));
  const show = async (told: readonly LogLine[]) => {
    if (json && !follow) for (const line of told) all.push(line);
    else await write('stdout', json ? logLines(told) : text(told));
  };
  const gone = readerGone();
  const input = { where: common, names, lines, since, deployment, unit, follow, show };
  try {
    const either = AbortSignal.any([signal, gone]);
    const { silent, cut } = await logs(ports, input, tell, either);
    if (json && !follow) process.stdout.write(documentText(logsDocument(all, silent)));
    const missing = silent.map(({ hypervisor }) => hypervisor);
    if (json && follow && missing.length > 0)
      process.stdout.write(documentLine(missingDocument(missing)));
    for (const name of isSpan && options.lines === undefined ? cut : [])
      process.stderr.write(`${name}: only its last ${lines} lines; -n shows more.\n`);
    for (const name of missing) process.stderr.write(`The lines of ${name} are missing.\n`);
    return silent.length > 0 ? exitCodes.failed : exitCodes.ok;
  } catch (error) {
    const isEnd = error instanceof FleetError && error.code === 'interrupted';
    if (!follow || !isEnd) throw error;
    // That is how following ends: nothing is to be said of it.
    return gone.aborted && !signal.aborted ? exitCodes.ok : exitCodes.failed;
  }
}
