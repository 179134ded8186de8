/** The plan is data: printed, compared, and carried out by src/deploy/. A new version is refused. */
export interface Plan {
  readonly version: 1;
  readonly fleet: string;
  readonly files: readonly FileChange[];
  readonly hypervisors: readonly HypervisorPlan[];
  /** Things that need no action by fleet but that a person should know. */
  readonly warnings: readonly string[];
  /** What stands in the way of all of it: apply refuses it without --force. */
  readonly problems: readonly string[];
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
 * return: state that was set aside is restored, then as update.
 * join: a TAP goes back into its bridge; the guest is not touched.
 * restart: only a restart brings back what is missing, or somebody asked for one.
 * repair: one part of the running system that somebody removed comes back; no guest is touched.
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
  | 'repair'
  | 'set-aside';

/** What is repaired and its name, as its hypervisor takes them. */
export type Repair =
  | readonly ['link', bridge: string]
  | readonly ['address', bridge: string, address: string]
  | readonly ['forward4' | 'forward6', interface_: string]
  | readonly ['unit', unit: string];

/** Whether a guest starts anew: the build decides where it is `perhaps`. */
export type Restarts = 'certainly' | 'perhaps' | 'no';

/** A field of fleet.yaml that is not as it was when its target was deployed. */
export interface FieldChange {
  /** From the vm or hypervisor on: `memory`, `volumes./srv.size`, `networks` for one more or less of them. */
  readonly field: string;
  /** As it was, printable and cut; absent: it was not there. */
  readonly from?: string;
  /** As it will be; absent: it goes. */
  readonly to?: string;
  readonly restarts: Restarts;
}

export interface Action {
  readonly kind: ActionKind;
  /** The vm, or the hypervisor itself. */
  readonly target: string;
  readonly why: string;
  /** The vm's interfaces change: it stops before the hypervisor switches. */
  readonly network?: true;
  /** Only a restart of networkd brings back what is missing. */
  readonly networkd?: true;
  /** Of an `update`: the guest starts anew also when the build changes nothing. */
  readonly restart?: true;
  /** What fleet.yaml says otherwise than when the target was deployed; absent: nothing, or it is not known. */
  readonly changes?: readonly FieldChange[];
  /** Of an `update` and a `restart`: what becomes of a guest that runs. */
  readonly restarts?: Restarts;
  /** Of a `repair`: what is done, in this order. */
  readonly repairs?: readonly Repair[];
}

/** Something that is not as it was last deployed, whoever did it. */
export interface Drift {
  readonly target: string;
  readonly code:
    | 'rolled-back'
    | 'dirty'
    | 'system'
    | 'profile'
    | 'reboot'
    | 'bridge'
    | 'link'
    | 'address'
    | 'forwarding'
    | 'firewall'
    | 'dns'
    | 'forward-drop'
    | 'not-kept'
    | 'tap'
    | 'no-answer'
    | 'helper'
    | 'check'
    | 'stopped'
    | 'running'
    | 'runner'
    | 'restart-pending'
    | 'collected'
    | 'unrooted'
    | 'second-writer'
    | 'uncounted'
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

/** Drift that apply does not mend, or that cannot be mended from here. */
const unwell = new Set<Drift['code']>(['no-answer', 'helper', 'check', 'forward-drop', 'not-kept']);

/** What is wrong and stays wrong when the plan is carried out. */
export function unmended(plan: Plan): Drift[] {
  return plan.hypervisors.flatMap(({ actions, drift }) => {
    const anew = actions.filter((a) => a.kind === 'restart' || a.restart);
    const restarts = new Set(anew.map((a) => a.target));
    return drift.filter((d) => unwell.has(d.code) && !restarts.has(d.target));
  });
}

/** Guests that a restart might help, and that the plan does not restart. */
export function restartable(plan: Plan): string[] {
  const own = unmended(plan).filter((d) => ['no-answer', 'helper', 'check'].includes(d.code));
  return [...new Set(own.map((d) => d.target))];
}

/** True when apply would refuse the plan, or could not know what it does. */
export function isBlocked(plan: Plan): boolean {
  return (
    plan.problems.length > 0 ||
    plan.hypervisors.some((h) => h.unreachable !== undefined || h.problems.length > 0)
  );
}

/** True when carrying it out would change something. */
export function hasChanges(plan: Plan): boolean {
  return plan.files.length > 0 || plan.hypervisors.some((h) => h.actions.length > 0);
}
