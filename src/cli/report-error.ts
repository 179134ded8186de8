import { exitCodes, FleetError } from '../model/errors.ts';
import { documentText, errorDocument } from '../report/documents.ts';
import { errorText } from '../report/error-text.ts';
import type { EventStream } from './stream.ts';

/**
 * Says what went wrong on standard error, or programs on standard output; returns the exit code.
 * @param how stream: as its last event; json: as one document
 */
export function reportError(
  error: unknown,
  { json, stream }: { readonly json: boolean; readonly stream?: EventStream | undefined },
): number {
  if (stream) stream.end(errorDocument(error));
  else if (json) process.stdout.write(documentText(errorDocument(error)));
  else process.stderr.write(errorText(error, process.stderr));
  return error instanceof FleetError ? error.exitCode : exitCodes.failed;
}
