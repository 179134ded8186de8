import type { OpenDeployment } from './facts.ts';

/** One deployment as one hypervisor remembers it. Times in seconds since the epoch. */
export interface PastDeployment {
  readonly id: string;
  readonly fleet: string;
  readonly operator: string;
  readonly operation: string;
  readonly started: number;
  /** Undefined: it ended before it had one, or was a roll-back. */
  readonly commit: string | undefined;
  /** The branch that the commit was on; undefined as for the commit. */
  readonly branch: string | undefined;
  readonly decided: 'back' | 'confirmed' | undefined;
  /** done, untouched, rolled-back, rollback-failed; undefined while it has not ended. */
  readonly result: string | undefined;
  readonly ended: number | undefined;
  readonly steps: readonly PastStep[];
  /** Generations before: vm or `systemName` → store path. */
  readonly before: ReadonlyMap<string, string>;
  /** Generations it brought; empty unless it was confirmed. */
  readonly after: ReadonlyMap<string, string>;
  /** Vms it was about, and the system. */
  readonly targets: readonly string[];
  /** Why it failed, as far as it is known. */
  readonly failure: PastFailure | undefined;
}

/** Why a deployment failed, as it was written down then. */
export interface PastFailure {
  /** Stable, as of a FleetError. */
  readonly code: string;
  readonly message: string;
  readonly blames: string;
  /** Where it failed: another one when this was rolled back with it. */
  readonly hypervisor: string | undefined;
  /** The vm or hypervisor that was not as it should be. */
  readonly target: string | undefined;
  /** Checks that failed. */
  readonly checks: readonly {
    readonly target: string;
    readonly check: string;
    readonly expected: string;
    readonly seen: string;
  }[];
  /** The last that the step, or the guest and its helpers, said. */
  readonly lines: readonly string[];
}

export interface PastStep {
  /** Undefined for what is no step of fleet's: the way back, the confirmation. */
  readonly number: string | undefined;
  readonly name: string;
  /** What a `repair` brought back: `link br-front`. */
  readonly about?: string;
  readonly began: number;
  readonly ended: number | undefined;
  readonly code: number | undefined;
}

/** A deployment, and the hypervisor that remembers it. */
export interface HistoryEntry {
  readonly hypervisor: string;
  readonly deployment: PastDeployment;
  /** It has not ended: what becomes of it. */
  readonly open?: OpenDeployment;
}

/** What became of a generation: it was put in place by apply or by a roll-back, or rolled back from. */
export type Outcome = 'applied' | 'returned-to' | 'rolled-back';

/**
 * What became last of a generation, as far as it is remembered.
 * @param past what one hypervisor remembers, the oldest first
 */
export function outcomeOf(
  past: readonly PastDeployment[],
  target: string,
  path: string,
): Outcome | undefined {
  for (const { operation, result, before, after } of past.toReversed()) {
    const [was, is] = [before.get(target), after.get(target)];
    if (result !== 'done' || was === is) continue;
    if (is === path) return operation === 'rollback' ? 'returned-to' : 'applied';
    // A roll-back of others left it in place.
    if (is !== undefined && was === path && operation === 'rollback') return 'rolled-back';
  }
  return undefined;
}

/**
 * Deployments that would have put something else in the place of a generation, and failed.
 * @param past what one hypervisor remembers, the oldest first
 */
export const failedOn = (
  past: readonly PastDeployment[],
  target: string,
  path: string,
): PastDeployment[] =>
  past.filter(
    ({ operation, result, before, targets }) =>
      operation === 'apply' &&
      (result === 'rolled-back' || result === 'rollback-failed') &&
      targets.includes(target) &&
      before.get(target) === path,
  );

/**
 * The last deployment that put this generation in the place of another one.
 * @param past what one hypervisor remembers, the oldest first
 */
export function broughtBy(
  past: readonly PastDeployment[],
  target: string,
  path: string,
): PastDeployment | undefined {
  return past.findLast(
    ({ after, before, operation, result }) =>
      result === 'done' &&
      operation !== 'rollback' &&
      after.get(target) === path &&
      before.get(target) !== path,
  );
}
