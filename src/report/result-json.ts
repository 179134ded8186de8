import type { FleetError } from '../model/errors.ts';
import type { HypervisorResult } from '../model/result.ts';

/** How hypervisors came out of a deployment, for programs. */
export function resultsJson(results: readonly HypervisorResult[]): object[] {
  return results.map(({ failure, ...rest }) => ({
    ...rest,
    ...(failure && { failure: failureJson(failure) }),
  }));
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
