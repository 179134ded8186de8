import { guestConsole } from '../app/console.ts';
import type { Operated } from '../app/operate.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { LogLine } from '../model/log-line.ts';
import { plainText } from '../model/plain-text.ts';
import { documentLine, missingDocument, operationDocument } from '../report/documents.ts';
import { exportText } from '../report/export-text.ts';
import { logLines } from '../report/logs-text.ts';
import { operationText } from '../report/operation-text.ts';
import { styleFor } from '../report/style.ts';
import { type Invocation, lockTimeout, refusePointless } from './options.ts';
import { realPorts } from './ports.ts';
import { linesOf, readerGone, write } from './reader.ts';

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
  const lines = boot ? 10_000 : linesOf(options.lines, 50);
  const show = (told: readonly LogLine[]) =>
    write(
      'stdout',
      json ? logLines(told) : told.map(({ text }) => `${plainText(text)}\n`).join(''),
    );
  const style = styleFor(process.stderr);
  let isTold = false;
  const started = ({ results, exports }: Operated) => {
    process.stderr.write(operationText('restart', results, style) + exportText(exports, style));
    if (json)
      process.stdout.write(documentLine(operationDocument('restart', results, { exports })));
    isTold = true;
  };
  const gone = readerGone();
  const patience = lockTimeout(options.lockTimeout);
  const input = { where: common, name, lines, boot, lockTimeout: patience, show, started };
  if (!json)
    process.stderr.write(`The console of ${name} can only be read here. Ctrl-C ends it.\n`);
  try {
    const either = AbortSignal.any([signal, gone]);
    const code = await guestConsole(await realPorts(common), input, tell, either);
    if (json && code !== exitCodes.ok && !isTold)
      process.stdout.write(documentLine(missingDocument([name])));
    return code;
  } catch (error) {
    // That is how it ends: nothing is to be said of it.
    if (!(error instanceof FleetError) || error.code !== 'interrupted') throw error;
    return gone.aborted && !signal.aborted ? exitCodes.ok : exitCodes.failed;
  }
}
