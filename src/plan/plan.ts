/** The plan is data: printed, compared, and carried out by src/deploy/. A new version is refused. */
export interface Plan {
  readonly version: 1;
  readonly fleet: string;
  readonly files: readonly FileChange[];
  readonly hypervisors: readonly HypervisorPlan[];
  /** Things that need no action by fleet but that a person should know. */
  readonly warnings: readonly string[];
}

export interface FileChange {
  readonly path: string;
  readonly kind: 'add' | 'change' | 'remove';
  /** Unified diff. */
  readonly diff: string;
}

export interface HypervisorPlan {
  readonly name: string;
  /** Why it could not be looked at. */
  readonly unreachable?: string;
  readonly actions: readonly Action[];
  readonly drift: readonly Drift[];
  /** What stands in the way: apply refuses while there is one. */
  readonly problems: readonly string[];
}

/**
 * checkout: the checkout moves to the commit, nothing that runs changes.
 * switch: the hypervisor's own system is built and, if it differs, activated.
 * update: the vm's runner is built; the guest restarts if the runner differs.
 * return: state that was set aside comes back, then as update.
 * join: a TAP goes back into its bridge; the guest is not touched.
 * restart: only a new start makes again what is missing.
 */
export type ActionKind =
  | 'checkout'
  | 'switch'
  | 'create'
  | 'return'
  | 'update'
  | 'start'
  | 'restart'
  | 'stop'
  | 'join'
  | 'set-aside';

export interface Action {
  readonly kind: ActionKind;
  /** The vm, or the hypervisor itself. */
  readonly target: string;
  readonly why: string;
  /** The vm's interfaces change: it stops before the hypervisor switches (DESIGN, traps, 14). */
  readonly network?: true;
  /** Only a restart of networkd brings back what is missing. */
  readonly networkd?: true;
}

/** Something that is not as it was last deployed, whoever did it. */
export interface Drift {
  readonly target: string;
  readonly code:
    | 'commit'
    | 'dirty'
    | 'system'
    | 'profile'
    | 'reboot'
    | 'bridge'
    | 'address'
    | 'tap'
    | 'stopped'
    | 'running'
    | 'runner'
    | 'restart-pending'
    | 'collected'
    | 'unrooted'
    | 'second-writer'
    | 'collecting'
    | 'held'
    | 'orphan'
    | 'lock'
    | 'no-recovery'
    | 'declared'
    | 'first-switch'
    | 'open-deployment';
  readonly message: string;
}

/** True when carrying it out would change something. */
export function hasChanges(plan: Plan): boolean {
  return plan.files.length > 0 || plan.hypervisors.some((h) => h.actions.length > 0);
}
