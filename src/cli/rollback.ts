import { chooseRollback, rollback } from '../app/rollback.ts';
import { exitCodes } from '../model/errors.ts';
import { resultsDocument } from '../report/documents.ts';
import { resultText } from '../report/result-text.ts';
import { returnsText } from '../report/returns-text.ts';
import { styleFor } from '../report/style.ts';
import { confirm } from './ask.ts';
import { listCommand } from './generations.ts';
import { giveData, isForPrograms } from './give.ts';
import { shownLive } from './live.ts';
import { type Invocation, lockTimeout, refusePointless, usageError } from './options.ts';
import { realPorts } from './ports.ts';
import { readNumbers } from './rollback-numbers.ts';

export interface RollbackOptions {
  readonly to?: readonly string[];
  readonly list?: boolean;
  readonly yes?: boolean;
  readonly lockTimeout?: string;
  readonly json?: boolean;
  readonly jsonStream?: boolean;
}

/** `fleet rollback`: needs fleet.yaml and ssh, and neither git, nor Nix, nor a working build. */
export async function rollbackCommand(
  invocation: Invocation,
  options: RollbackOptions,
  names: readonly string[],
): Promise<number> {
  const { common, signal, stream, tell } = invocation;
  if (options.list)
    refusePointless(
      options,
      ['--to', '--yes', '--lock-timeout', '--json-stream'],
      '--list rolls nothing back',
    );
  const patience = lockTimeout(options.lockTimeout);
  const numbers = readNumbers(names, options.to ?? []);
  if (names.length === 0 && stream)
    throw usageError('rollback.no-name', 'what is to be rolled back?', 'fleet rollback NAME…');
  if (options.list || names.length === 0) return listCommand(invocation, options, names);
  const ports = await realPorts(common, { isAsking: true });
  const input = { where: common, names, numbers, lockTimeout: patience };
  const chosen = await chooseRollback(ports, input, stream?.beside(tell) ?? tell, signal);
  try {
    const isData = isForPrograms(invocation, options);
    (isData ? process.stderr : process.stdout).write(returnsText(chosen.returns));
    if (!options.yes && !(await confirm('Roll back?', signal))) {
      process.stderr.write('Nothing was changed.\n');
      giveData(invocation, options, resultsDocument('rollback', [], { declined: true }));
      return exitCodes.failed;
    }
    const returning = { ...chosen, ...(stream?.id && { id: stream.id }) };
    const { exitCode, id, results } = await shownLive(
      (emit) => rollback(ports, returning, emit, signal),
      invocation,
    );
    if (!giveData(invocation, options, resultsDocument('rollback', results, { id })))
      process.stdout.write(resultText(results, styleFor(process.stdout)));
    return exitCode;
  } finally {
    chosen.close();
  }
}
