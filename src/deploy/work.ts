import type { Confirmation } from '../host/hypervisor/confirmation-rows.ts';
import type { Context } from './context.ts';

/** What a deployment has brought to one hypervisor, written down there when it is confirmed. */
export interface Outcome extends Pick<Confirmation, 'recorded' | 'released' | 'held'> {
  /** What changed, a line each, for people. */
  readonly lines: readonly string[];
  /** The system that has to become the boot default. */
  readonly boot?: { readonly toplevel: string; readonly generation: 'new' | 'return' };
}

/** What is to be done on one hypervisor, in the two halves that a rollout has. */
export interface Work {
  /** Checkout and build: nothing that runs is touched. */
  prepare(ctx: Context): Promise<void>;
  /** Changes what runs, and looks at each until it is healthy. @throws whatever went wrong. */
  activate(ctx: Context): Promise<Outcome>;
}
