import type { FleetError } from './errors.ts';

/** How one hypervisor came out of a deployment. */
export interface HypervisorResult {
  readonly hypervisor: string;
  readonly outcome: 'done' | 'untouched' | 'rolled-back' | 'rollback-failed' | 'in-doubt';
  /** What changed, a line each; after a roll-back: what was put back. */
  readonly lines: readonly string[];
  readonly failure?: FleetError;
  /** Why nothing was done, or it was taken back, though nothing failed here. */
  readonly because?: string;
}
