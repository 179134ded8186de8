import { createInterface } from 'node:readline/promises';
import { exitCodes, FleetError } from '../model/errors.ts';

/** True when somebody is there to answer: both ends are terminals, and this is not CI. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true && !process.env.CI;
}

/** Asks on standard error. @throws FleetError when nobody can answer and --yes was not given. */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  if (!canAsk()) {
    throw new FleetError('ask.nobody', 'this needs an answer, and nobody is here to give it', {
      exitCode: exitCodes.usage,
      hint: 'Pass --yes when it may go on without asking.',
    });
  }
  const answer = await ask(`${question} [y/N] `, signal);
  return /^y(es)?$/i.test(answer.trim());
}

export async function ask(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question, { signal });
  } finally {
    lines.close();
  }
}
