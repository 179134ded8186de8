import { documentText } from '../report/documents.ts';
import type { ResultDocument } from '../report/json/index.ts';
import type { Invocation } from './options.ts';

/** Whether programs read standard output: nothing for people goes there. */
export const isForPrograms = ({ stream }: Invocation, options: { json?: boolean }): boolean =>
  stream !== undefined || (options.json ?? false);

/** Gives programs the result as they want it: the last event, or one document. @returns false: they want none */
export function giveData(
  { stream }: Invocation,
  options: { readonly json?: boolean },
  result: ResultDocument,
): boolean {
  if (stream) stream.end(result);
  else if (options.json) process.stdout.write(documentText(result));
  else return false;
  return true;
}
