import { logs } from '../app/logs.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { LogLine, LogUnit } from '../model/log-line.ts';
import { documentText, logsDocument } from '../report/documents.ts';
import { logLines, logText } from '../report/logs-text.ts';
import { styleFor } from '../report/style.ts';
import { moment } from './moment.ts';
import { type Invocation, refusePointless, usageError } from './options.ts';
import { realPorts } from './ports.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  readonly lines?: string;
  readonly since?: string;
  readonly deployment?: string;
  readonly unit?: LogUnit;
  readonly json?: boolean;
}

/** Lines of each name: that many are held in memory before the first is shown. */
const most = 100_000;

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
    if (json && !follow) all.push(...told);
    else await write(json ? logLines(told) : text(told));
  };
  // Whoever reads may have seen enough: `fleet logs -f web | grep -m 1 ready`.
  const gone = new AbortController();
  process.stdout.once('error', () => gone.abort());
  const input = { where: common, names, lines, since, deployment, unit, follow, show };
  try {
    const either = AbortSignal.any([signal, gone.signal]);
    const { silent, cut } = await logs(ports, input, tell, either);
    if (json && !follow) process.stdout.write(documentText(logsDocument(all, silent)));
    for (const name of isSpan && options.lines === undefined ? cut : [])
      process.stderr.write(`${name}: only its last ${lines} lines; -n shows more.\n`);
    for (const name of silent)
      process.stderr.write(`${name} could not be asked: its lines are not among these.\n`);
    return silent.length > 0 ? exitCodes.failed : exitCodes.ok;
  } catch (error) {
    const isEnd = error instanceof FleetError && error.code === 'interrupted';
    if (!follow || !isEnd) throw error;
    // That is how following ends: nothing is to be said of it.
    return gone.signal.aborted && !signal.aborted ? exitCodes.ok : exitCodes.failed;
  }
}

/** A reader that is slow is waited for, and with it the hypervisors; one that is gone is not. */
function write(text: string): Promise<void> {
  return new Promise((done) => void process.stdout.write(text, () => done()));
}

/** @throws FleetError `options.number` */
function linesOf(text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  if (/^\d{1,9}$/.test(text) && Number(text) <= most) return Number(text);
  throw usageError('options.number', `-n ${text} is not a number up to ${most}`);
}

/** Seconds since the epoch. @throws FleetError `options.time` */
function sinceOf(text: string, now: number): number {
  const found = moment(text, now);
  if (found !== undefined) return found;
  throw usageError(
    'options.time',
    `--since ${text} is not a time`,
    'For instance 15m, 2h or 3d ago; 2026-11-29 or "2026-11-29 08:41", UTC.',
  );
}
