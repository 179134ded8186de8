import type { FleetError } from '../model/errors.ts';
import type { HypervisorResult } from '../model/result.ts';
import type { Context } from './context.ts';
import type { Outcome, Work } from './work.ts';

/** One hypervisor on its way through a rollout. */
export interface Part {
  /** Vms that an operation restarted during the build are in it as they were after that. */
  ctx: Context;
  readonly work: Work;
  readonly name: string;
  /**
   * Ready: changed and healthy, but not confirmed yet, so its way back is armed. Confirming: the confirmation may have
   * arrived, so it is not rolled back any more. In doubt: the link was lost for good while confirming; either it is
   * confirmed or it rolls back by itself.
   */
  state: 'waiting' | 'ready' | 'confirming' | 'confirmed' | 'in-doubt' | 'ended';
  outcome?: Outcome;
  /** Guests at the last look, with their runners; `-` for one that was not healthy. */
  healthy?: ReadonlyMap<string, string>;
  failure?: FleetError;
  /** Its roll-back, once that has begun. */
  ending?: Promise<void>;
  result?: HypervisorResult;
}
