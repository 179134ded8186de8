import { type CheckResult, plainCheck } from './check-result.ts';
import type { Blames, FleetError } from './errors.ts';
import { NotHealthy } from './not-healthy.ts';

/** Why something failed, as plain data: for events, JSON and records. */
export interface Failure {
  /** Stable, as of a FleetError. */
  readonly code: string;
  readonly message: string;
  readonly blames: Blames;
  readonly hint?: string;
  readonly detail?: string;
  /** The vm or hypervisor that was not as it should be. */
  readonly target?: string;
  /** Checks that failed. */
  readonly checks?: readonly CheckResult[];
}

/** What is known of an error; of one that has a check's failure for its cause, the checks, too. */
export function failureOf(error: FleetError): Failure {
  const { code, message, blames, hint, detail, cause } = error;
  const sick = [error, cause].find((one) => one instanceof NotHealthy);
  return {
    code,
    message,
    blames,
    ...(hint !== undefined && { hint }),
    ...(detail !== undefined && { detail }),
    ...(sick && {
      target: sick.target,
      checks: sick.checks.filter((check) => !check.ok).map(plainCheck),
    }),
  };
}
