import { type Command, CommanderError } from 'commander';
import { openStream } from './before-it-runs.ts';
import { misuse } from './misuse.ts';
import { reportError } from './report-error.ts';
import type { EventStream } from './stream.ts';

interface Failing {
  readonly program: Command;
  readonly args: readonly string[];
  /** Exit code of fleet's own failures, where the command passes on those of another. */
  readonly own: number | undefined;
  /** Of the command that was about to run. */
  readonly json: boolean;
  readonly stream: EventStream | undefined;
}

/** Tells it where it is read, also of a command whose options were refused. @returns the exit code */
export async function failed(
  error: unknown,
  { program, args, own, json, stream }: Failing,
): Promise<number> {
  if (!(error instanceof CommanderError)) {
    const code = reportError(error, { json, stream });
    return own ?? code;
  }
  // Refused before its options were read, though what they ask for holds all the same.
  const dashes = args.indexOf('--');
  const asked = dashes < 0 ? args : args.slice(0, dashes);
  const isStream = asked.some((word) => /^--json-s(t(r(e(am?)?)?)?)?(=|$)/.test(word));
  const code = reportError(misuse(error, program, args), {
    json: asked.some((word) => /^--(no-)?js(on?)?(=|$)/.test(word)),
    stream: isStream ? await openStream({ resume: true }) : stream,
  });
  return own ?? code;
}
