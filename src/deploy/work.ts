import type { Confirmation } from '../host/hypervisor/confirmation-rows.ts';
import type { Context } from './context.ts';

/** What a deployment did on one hypervisor; recorded there on confirmation. */
export interface Outcome extends Pick<Confirmation, 'recorded' | 'waiting' | 'released' | 'held'> {
  /** What changed, one line each, for people. */
  readonly lines: readonly string[];
  /** The system that has to become the boot default. */
  readonly boot?: { readonly toplevel: string; readonly generation: 'new' | 'return' };
}

/** The work on one hypervisor, in the two halves of a rollout. */
export interface Work {
  /** Checkout and build: nothing that runs is touched. */
  prepare(ctx: Context): Promise<void>;
  /** Changes what runs, and looks at each guest until it is healthy. @throws whatever went wrong */
  activate(ctx: Context): Promise<Outcome>;
}
