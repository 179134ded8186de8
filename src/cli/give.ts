import type { HypervisorResult } from '../model/result.ts';
import {
  type Deploying,
  type DocumentMore,
  documentText,
  resultsDocument,
} from '../report/documents.ts';
import { resultText } from '../report/result-text.ts';
import { styleFor } from '../report/style.ts';
import type { Invocation } from './options.ts';

/** Whether programs read standard output: nothing for people goes there. */
export const isForPrograms = ({ stream }: Invocation, options: { json?: boolean }): boolean =>
  stream !== undefined || (options.json ?? false);

/** Gives programs the result as they want it: the last event, or one document. @returns false: they want none */
export function giveData(
  { stream }: Invocation,
  options: { readonly json?: boolean },
  ...result: [Deploying, readonly HypervisorResult[], DocumentMore]
): boolean {
  if (stream) stream.end(resultsDocument(...result));
  else if (options.json) process.stdout.write(documentText(resultsDocument(...result)));
  else return false;
  return true;
}

/** The same, or in words. */
export function give(...args: Parameters<typeof giveData>): void {
  const [, , , results] = args;
  if (!giveData(...args)) process.stdout.write(resultText(results, styleFor(process.stdout)));
}
