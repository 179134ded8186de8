import { FleetError } from '../model/errors.ts';
import { quotedAfterFirst } from '../model/plain-text.ts';
import { saidBy } from '../model/said-by.ts';
import { wrap, wrapHint } from './wrap.ts';

/** Why a hypervisor did not answer, what to do about it, and what is missing for that: `its history is not included`. */
export function silentText(
  { hypervisor, error }: { readonly hypervisor: string; readonly error: Error },
  missing: string,
): string {
  const hint = error instanceof FleetError && error.hint ? [`  ${wrapHint(error.hint, 2)}`] : [];
  return [
    quotedAfterFirst(saidBy(hypervisor, error)),
    ...hint,
    wrap(`${hypervisor} could not be asked: ${missing}.`, 0),
    '',
  ].join('\n');
}
