import { findLost, finish, type Lost, type Resumed, undo } from '../app/resume.ts';
import { exitCodes } from '../model/errors.ts';
import { historyText } from '../report/history-text.ts';
import { resultsDocument } from '../report/result-json.ts';
import { resultText } from '../report/result-text.ts';
import { styleFor } from '../report/style.ts';
import { confirm } from './ask.ts';
import { shownLive } from './live.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';
import { tell } from './tell.ts';

export interface ResumeOptions {
  /** An id; true: the one there is. */
  readonly resume: string | true;
  readonly undo?: boolean;
  readonly yes?: boolean;
  readonly allowUnreachable?: boolean;
  readonly json?: boolean;
}

/** `fleet apply --resume [ID]`: takes up a deployment that lost its fleet, and finishes or undoes it. */
export async function resumeCommand(
  { common, signal }: Invocation,
  options: ResumeOptions,
): Promise<number> {
  const ports = await realPorts(common);
  const input = {
    where: common,
    to: options.undo ? ('undo' as const) : ('finish' as const),
    ...(options.resume !== true && { id: options.resume }),
    allowUnreachable: options.allowUnreachable ?? false,
  };
  const lost = await findLost(ports, input, tell, signal);
  try {
    // With --json standard output has the one document.
    const out = options.json ? process.stderr : process.stdout;
    out.write(historyText(lost.past, styleFor(out)));
    if (lost.obstacle) throw lost.obstacle;
    if (!(await mayGoOn(lost, options, signal))) return exitCodes.failed;
    const resume = options.undo ? undo : finish;
    const resumed = await shownLive((emit) => resume(ports, lost, emit, signal));
    show(lost, resumed, options);
    return resumed.exitCode;
  } finally {
    lost.close();
  }
}

async function mayGoOn(
  { id }: Lost,
  options: ResumeOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const question = options.undo
    ? 'Roll back what it changed?'
    : 'Finish it? (--undo rolls it back instead)';
  if (options.yes || (await confirm(question, signal))) return true;
  process.stderr.write('Nothing was changed: the hypervisors roll back by themselves.\n');
  if (options.json) process.stdout.write(resultsDocument('resume', [], { id, declined: true }));
  return false;
}

function show({ id }: Lost, { notes, results }: Resumed, options: ResumeOptions): void {
  const say = () => {
    for (const text of notes) process.stderr.write(`${text}\n`);
  };
  if (!options.undo) say();
  if (options.json) process.stdout.write(resultsDocument('resume', results, { id }));
  else process.stdout.write(resultText(results, styleFor(process.stdout)));
  if (options.undo) say();
}
