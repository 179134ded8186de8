import { createInterface } from 'node:readline/promises';
import { exitCodes, FleetError } from '../model/errors.ts';
import { plainText } from '../model/plain-text.ts';
import { unguarded } from '../report/guard.ts';
import type { CommonOptions } from './options.ts';

/** Does this run in a pipeline? */
export const isCi = (): boolean => Boolean(process.env.CI);

/** True when somebody is there to answer: both ends are terminals, and this is not CI. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true && !isCi();
}

/** How much is shown while a command works. */
export type Shown = Pick<CommonOptions, 'quiet' | 'verbose'>;

/** Whether rows on standard error may change while a command works: somebody sits there, and nothing else is written. */
export function canMoveCursor({ quiet, verbose }: Shown): boolean {
  const { isTTY, columns } = process.stderr;
  // A serial console, or `docker exec`, may not say how wide it is: a list would have a letter on each line.
  const canMove = isTTY && columns > 0 && process.env.TERM !== 'dumb';
  return canMove && !isCi() && !quiet && !verbose;
}

/** Asks on standard error. @throws FleetError when nobody can answer and --yes was not given. */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  if (!canAsk()) {
    throw new FleetError('ask.nobody', 'confirmation needed, but there is no terminal', {
      exitCode: exitCodes.usage,
      hint: 'To go on without being asked: --yes',
    });
  }
  const answer = await ask(`${question} [y/N] `, signal);
  return /^y(es)?$/i.test(answer.trim());
}

export async function ask(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: unguarded(process.stderr) });
  // On a terminal Ctrl-C comes as a key, and Ctrl-D as an end that answers nothing.
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const ended = new Promise<never>((_, reject) => {
    lines.once('close', () =>
      reject(new FleetError('ask.unanswered', 'there was no answer; nothing was changed')),
    );
  });
  try {
    return await Promise.race([lines.question(plainText(question), { signal }), ended]);
  } catch (error) {
    if (signal.aborted) throw new FleetError('interrupted', 'interrupted; nothing was changed');
    throw error;
  } finally {
    lines.close();
  }
}
