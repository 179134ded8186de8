import { FleetError } from '../model/errors.ts';
import { redact } from '../model/redact.ts';

/** A FleetError about git, with credentials removed from urls. */
export function gitError(
  code: `git.${string}`,
  message: string,
  { hint, detail }: { hint: string; detail?: string },
): FleetError {
  return new FleetError(code, redact(message), {
    hint: redact(hint),
    ...(detail === undefined || detail.trim() === '' ? {} : { detail: redact(detail.trim()) }),
  });
}
