import type { FleetError } from './errors.ts';

/** How one hypervisor came out of a deployment. */
export interface HypervisorResult {
  readonly hypervisor: string;
  readonly outcome: 'done' | 'untouched' | 'rolled-back' | 'rollback-failed' | 'in-doubt';
  /** What changed, one line each; after a roll-back: what was rolled back. */
  readonly lines: readonly string[];
  readonly failure?: FleetError;
  /** Why nothing was done here, or it was rolled back, though nothing failed here. */
  readonly because?: string;
}

/** What one name returns to when it is rolled back. */
export interface ChosenReturn {
  /** The vm or hypervisor. */
  readonly name: string;
  /** Undefined: it is none of the profile's, but kept by fleet. */
  readonly number: number | undefined;
  readonly path: string;
  /** Seconds since the epoch; 0: not known. */
  readonly since: number;
  /** Guests that nobody named, and that restart with it. */
  readonly restarts: readonly string[];
}

/** The same for people: `rolled back`. */
export const outcomeWords = (outcome: string): string => outcome.replaceAll('-', ' ');
