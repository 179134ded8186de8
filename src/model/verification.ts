import type { CheckResult } from './check-result.ts';

/** What was looked at, and what a person should know though it fails nothing. */
export interface Verification {
  readonly checks: readonly CheckResult[];
  readonly notes: readonly Note[];
}

export interface Note {
  readonly target: string;
  readonly text: string;
  /** `locked`: a deployment is at work there, and what fails may be what it is about. */
  readonly code?: 'locked';
}
