export interface UnitFacts {
  readonly active: string;
  readonly sub: string;
  readonly invocation: string;
  /** Seconds since it became active; undefined when it is not, or nobody said. */
  readonly activeFor?: number;
  /** A job waits for it. Of one that is inactive: it is about to start, as a guest that crashes is between two tries. */
  readonly queued?: true;
}

/** How a guest is: what may change from one second to the next. */
export interface GuestHealth {
  readonly name: string;
  readonly current: string | undefined;
  readonly booted: string | undefined;
  readonly unit: UnitFacts;
  readonly virtiofsd: UnitFacts;
  /** One of its units is up or changes, or a job waits for one. Undefined: as `unit` says. */
  readonly lingers?: boolean;
}

export interface VmFacts extends GuestHealth {
  /** When `current` was last made to point somewhere. */
  readonly currentSince: number | undefined;
  /** In `microvm.vms` of the system that runs, which decides what its runner is. */
  readonly declarative: boolean;
}

const up = new Set(['active', 'activating', 'deactivating', 'reloading']);

/** A unit is up, or on its way there or down. */
export function isUp({ active }: UnitFacts): boolean {
  return up.has(active);
}

/** A guest runs, or systemd is at it: it is not stopped. */
export function isBusy(vm: GuestHealth | undefined): boolean {
  return vm !== undefined && (isUp(vm.unit) || isUp(vm.virtiofsd) || vm.lingers === true);
}
