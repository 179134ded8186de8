import type { FleetError } from '../model/errors.ts';
import type { HypervisorResult } from '../model/result.ts';
import type { Context } from './context.ts';
import type { Outcome, Work } from './work.ts';

/** One hypervisor on its way through a rollout. */
export interface Part {
  /** Vms that were restarted while it built are in it as they were afterwards. */
  ctx: Context;
  readonly work: Work;
  readonly name: string;
  /**
   * Ready: changed, healthy, not confirmed yet: its way back is armed. Confirming: that may have arrived, nobody
   * takes it back any more. In doubt: the link went for good while it was confirmed; it is, or it goes back by
   * itself.
   */
  state: 'waiting' | 'ready' | 'confirming' | 'confirmed' | 'in-doubt' | 'ended';
  outcome?: Outcome;
  /** Guests that were looked at last, with their runners; `-` for one that was not well. */
  healthy?: ReadonlyMap<string, string>;
  failure?: FleetError;
  result?: HypervisorResult;
}
