import type { CheckResult } from './check-result.ts';
import type { FleetError } from './errors.ts';

/** What can be done to single vms outside of a deployment. */
export type OperationKind = 'start' | 'stop' | 'restart';

/** What became of one vm. */
export interface OperationResult {
  readonly name: string;
  readonly hypervisor: string;
  /**
   * already: it was so, and nothing was done. locked: somebody else is at work there; nothing was done. untouched: nothing
   * was done, because a vm that it needs or, for a stop, one that needs it, failed or is locked.
   */
  readonly outcome: 'done' | 'already' | 'untouched' | 'failed' | 'locked';
  /** Of the operation, by which its hypervisor remembers it; absent where there was none. */
  readonly id?: string;
  readonly ms: number;
  /** Why a start did not leave it alone: what was not well. Of one that is untouched: why. */
  readonly because?: string;
  /** It did not stop by itself, or was not asked to. */
  readonly isKilled?: boolean;
  /** Processes outside of its units that had its network, and were ended: their numbers and names. */
  readonly strays?: readonly { readonly process: number; readonly name: string }[];
  /** Seconds since it started, of one that was left alone. */
  readonly upFor?: number;
  /** Everything that was looked at last. */
  readonly checks: readonly CheckResult[];
  readonly failure?: FleetError;
}
