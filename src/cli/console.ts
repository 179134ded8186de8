import { guestConsole } from '../app/console.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { LogLine } from '../model/log-line.ts';
import type { OperationResult } from '../model/operation-result.ts';
import { plainText } from '../model/plain-text.ts';
import { logLines } from '../report/logs-text.ts';
import { operationText } from '../report/operation-text.ts';
import { styleFor } from '../report/style.ts';
import { type Invocation, lockTimeout, refusePointless, usageError } from './options.ts';
import { realPorts } from './ports.ts';

export interface ConsoleOptions {
  readonly boot?: boolean;
  readonly lines?: string;
  readonly lockTimeout?: string;
  readonly json?: boolean;
}

/** `fleet console NAME [--boot] [-n N] [--json]`: until Ctrl-C. */
export async function consoleCommand(
  { common, signal, tell }: Invocation,
  options: ConsoleOptions,
  [name = '']: readonly string[],
): Promise<number> {
  const { boot = false, json = false } = options;
  refusePointless(
    options,
    boot ? ['--lines'] : ['--lock-timeout'],
    boot ? '--boot shows it from the first line.' : 'only --boot waits for others.',
  );
  const lines = boot ? 10_000 : linesOf(options.lines ?? '50');
  const show = (told: readonly LogLine[]) =>
    write(json ? logLines(told) : told.map(({ text }) => `${plainText(text)}\n`).join(''));
  const started = (result: OperationResult) =>
    void process.stderr.write(operationText('restart', [result], styleFor(process.stderr)));
  // Whoever reads may have seen enough.
  const gone = new AbortController();
  process.stdout.once('error', () => gone.abort());
  const patience = lockTimeout(options.lockTimeout);
  const input = { where: common, name, lines, boot, lockTimeout: patience, show, started };
  if (!json)
    process.stderr.write(`The console of ${name} can only be read here. Ctrl-C ends it.\n`);
  try {
    const either = AbortSignal.any([signal, gone.signal]);
    const { silent } = await guestConsole(await realPorts(common), input, tell, either);
    return silent.length > 0 ? exitCodes.failed : exitCodes.ok;
  } catch (error) {
    // That is how it ends: nothing is to be said of it.
    if (!(error instanceof FleetError) || error.code !== 'interrupted') throw error;
    return gone.signal.aborted && !signal.aborted ? exitCodes.ok : exitCodes.failed;
  }
}

function write(text: string): Promise<void> {
  return new Promise((done) => void process.stdout.write(text, () => done()));
}

/** @throws FleetError `options.number` */
function linesOf(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw usageError('options.number', `-n ${text} is not a number up to 99999`);
}
