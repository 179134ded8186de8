/** What was done once to one vm, as its hypervisor remembers it. Times in seconds since the epoch. */
export interface PastOperation {
  readonly id: string;
  readonly operator: string;
  /** start, stop, restart. */
  readonly kind: string;
  readonly vm: string;
  readonly started: number;
  /** Undefined: it has not ended, or was cut off. */
  readonly ended: number | undefined;
  /** done, failed, ended (from outside, or at its limit); undefined while it has not ended. */
  readonly result: 'done' | 'failed' | 'ended' | undefined;
  /** The guest did not stop by itself. */
  readonly isKilled: boolean;
  /** Why it failed, as far as it said; others' words. */
  readonly failure: { readonly code: string; readonly message: string } | undefined;
}

/** An operation, and the hypervisor that remembers it. */
export interface OperationEntry {
  readonly hypervisor: string;
  readonly operation: PastOperation;
}
