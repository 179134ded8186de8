export interface UnitFacts {
  readonly active: string;
  readonly sub: string;
  readonly invocation: string;
  /** Seconds since it became active; undefined when it is not, or nobody said. */
  readonly activeFor?: number;
}

export interface VmFacts {
  readonly name: string;
  readonly current: string | undefined;
  readonly booted: string | undefined;
  /** When `current` was last made to point somewhere. */
  readonly currentSince: number | undefined;
  /** In `microvm.vms` of the system that runs, which decides what its runner is. */
  readonly declarative: boolean;
  readonly unit: UnitFacts;
  readonly virtiofsd: UnitFacts;
  /**
   * One of its units is up or changes, or a job waits for one: between two tries a guest that crashes is
   * inactive, with a start that waits for virtiofsd. Undefined: as `unit` says.
   */
  readonly lingers?: boolean;
}

const up = new Set(['active', 'activating', 'deactivating', 'reloading']);

/** A unit is up, or on its way there or down. */
export function isUp({ active }: UnitFacts): boolean {
  return up.has(active);
}

/** A guest runs, or systemd is at it: it is not stopped. */
export function isBusy(vm: VmFacts | undefined): boolean {
  return vm !== undefined && (isUp(vm.unit) || isUp(vm.virtiofsd) || vm.lingers === true);
}
