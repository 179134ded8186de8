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

/** `--to N` with one name, `--to NAME=N` with any. @throws FleetError of usage */
export function readNumbers(
  names: readonly string[],
  to: readonly string[],
): Map<string, number | 'kept'> {
  return new Map(
    to.map((text) => {
      const at = text.lastIndexOf('=');
      const name = at < 0 ? names[0] : text.slice(0, at);
      const number = text.slice(at + 1);
      const refuse = (why: string, hint?: string) =>
        usageError('rollback.bad-generation', `--to ${text}: ${why}`, hint);
      if (at < 0 && names.length > 1)
        throw refuse('which of them is meant?', `Write --to NAME=${number}, once for each name.`);
      if (name === undefined) throw refuse('there is no name: what is to be rolled back?');
      if (!names.includes(name)) throw refuse(`${name} is not among the names to roll back`);
      if (number !== 'kept' && !/^[0-9]{1,9}$/.test(number))
        throw refuse(`${number} is not a generation number`);
      return [name, number === 'kept' ? 'kept' : Number(number)] as const;
    }),
  );
}
