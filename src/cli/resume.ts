import { aboutWhat, findLost, finish, type Lost, undo } from '../app/resume.ts';
import { exitCodes } from '../model/errors.ts';
import { resultsDocument } from '../report/documents.ts';
import { exportText } from '../report/export-text.ts';
import { historyText } from '../report/history-text.ts';
import { resultText } from '../report/result-text.ts';
import { styleFor } from '../report/style.ts';
import { confirm } from './ask.ts';
import { fetched } from './fetched.ts';
import { giveData, isForPrograms } from './give.ts';
import { shownLive } from './live.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';

export interface ResumeOptions {
  /** An id; true: the one there is. */
  readonly resume: string | true;
  readonly undo?: boolean;
  /** Then fetch what vms export, also without a terminal. */
  readonly export?: boolean;
  readonly yes?: boolean;
  readonly allowUnreachable?: boolean;
  readonly json?: boolean;
  readonly jsonStream?: boolean;
}

/** `fleet apply --resume [ID]`: takes up a deployment that lost its fleet, and finishes or undoes it. */
export async function resumeCommand(
  invocation: Invocation,
  options: ResumeOptions,
): Promise<number> {
  const { common, signal, stream, tell } = invocation;
  const ports = await realPorts(common, { isAsking: true });
  const input = {
    where: common,
    to: options.undo ? ('undo' as const) : ('finish' as const),
    ...(options.resume !== true && { id: options.resume }),
    allowUnreachable: options.allowUnreachable ?? false,
  };
  const lost = await findLost(ports, input, stream?.beside(tell) ?? tell, signal);
  try {
    const out = isForPrograms(invocation, options) ? process.stderr : process.stdout;
    out.write(historyText(lost.past, styleFor(out)));
    if (lost.obstacle) throw lost.obstacle;
    if (!(await mayGoOn(lost, invocation, options))) return exitCodes.failed;
    const resume = options.undo ? undo : finish;
    const { exitCode, results, ...of } = await shownLive(
      (emit) => resume(ports, lost, emit, signal),
      invocation,
    );
    const what = { index: lost.index, of: { changed: aboutWhat(lost) } };
    const exports = options.undo
      ? []
      : await fetched(ports, invocation, options.export, what, results);
    const style = styleFor(process.stdout);
    const result = resultsDocument('resume', results, { id: lost.id, ...of, exports });
    if (!giveData(invocation, options, result))
      process.stdout.write(resultText(results, style) + exportText(exports, style));
    return exitCode;
  } finally {
    lost.close();
  }
}

async function mayGoOn(
  { id }: Lost,
  invocation: Invocation,
  options: ResumeOptions,
): Promise<boolean> {
  const question = options.undo
    ? 'Roll back what it changed?'
    : 'Finish it? (--undo rolls it back instead)';
  if (options.yes || (await confirm(question, invocation.signal))) return true;
  process.stderr.write('Nothing was changed: the hypervisors roll back by themselves.\n');
  giveData(invocation, options, resultsDocument('resume', [], { id, declined: true }));
  return false;
}
