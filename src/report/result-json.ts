import type { FleetError } from '../model/errors.ts';
import type { HypervisorResult } from '../model/result.ts';
import type { Plan } from '../plan/plan.ts';

/** The document of a command that deploys, for programs. @param more what this command has besides */
export function resultsDocument(
  kind: 'apply' | 'resume' | 'rollback',
  results: readonly HypervisorResult[],
  more: { readonly plan?: Plan; readonly id?: string; readonly declined?: boolean },
): string {
  const plain = results.map(({ failure, ...rest }) => ({
    ...rest,
    ...(failure && { failure: failureJson(failure) }),
  }));
  return `${JSON.stringify({ kind, version: 1, ...more, results: plain }, null, 2)}\n`;
}

function failureJson({ code, message, blames, hint, detail }: FleetError): object {
  return {
    code,
    message,
    blames,
    ...(hint !== undefined && { hint }),
    ...(detail !== undefined && { detail }),
  };
}
