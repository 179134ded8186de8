import { type ChosenOperation, chooseOperation, operate } from '../app/operate.ts';
import { exitCodes } from '../model/errors.ts';
import type { OperationKind } from '../model/operation-result.ts';
import { operationDocument } from '../report/documents.ts';
import { exportText } from '../report/export-text.ts';
import { operationText } from '../report/operation-text.ts';
import { styleFor } from '../report/style.ts';
import { confirm } from './ask.ts';
import { giveData } from './give.ts';
import { shownLive } from './live.ts';
import { type Invocation, lockTimeout } from './options.ts';
import { realPorts } from './ports.ts';

export interface OperateOptions {
  readonly force?: boolean;
  readonly yes?: boolean;
  readonly hold?: boolean;
  readonly lockTimeout?: string;
  readonly json?: boolean;
  readonly jsonStream?: boolean;
}

/** `fleet start | stop | restart NAME…`: needs fleet.yaml and ssh, and neither git nor Nix. */
export const operateCommand =
  (kind: OperationKind) =>
  async (
    invocation: Invocation,
    options: OperateOptions,
    names: readonly string[],
  ): Promise<number> => {
    const { common, signal, stream, tell } = invocation;
    const patience = lockTimeout(options.lockTimeout);
    const ports = await realPorts(common, { isAsking: true });
    const input = {
      ...{ where: common, kind, names, lockTimeout: patience },
      ...{ isForced: options.force ?? false, isHeld: options.hold ?? false },
    };
    const chosen = await chooseOperation(ports, input, stream?.beside(tell) ?? tell, signal);
    try {
      const question = options.yes ? undefined : questionOf(chosen);
      if (question !== undefined && !(await confirm(question, signal))) {
        process.stderr.write('Nothing was changed.\n');
        giveData(invocation, options, operationDocument(kind, [], { declined: true }));
        return exitCodes.failed;
      }
      const { results, exports, exitCode } = await shownLive(
        (emit) => operate(ports, chosen, emit, signal),
        invocation,
        [...new Set(chosen.vms.map(({ on }) => on))],
      );
      const style = styleFor(process.stdout);
      if (!giveData(invocation, options, operationDocument(kind, results, { exports })))
        process.stdout.write(operationText(kind, results, style) + exportText(exports, style));
      return exitCode;
    } finally {
      chosen.close();
    }
  };

/** Several that stop, or are killed, are more than a slip of the hand may do. */
function questionOf({ vms, wish }: ChosenOperation): string | undefined {
  const { isForced, kind } = wish;
  if (vms.length < 2 || (kind !== 'stop' && !isForced)) return undefined;
  const [verb, how] = [kind[0]?.toUpperCase() + kind.slice(1), isForced ? ' at once' : ''];
  return `${verb} ${vms.map(({ name }) => name).join(', ')}${how}?`;
}
