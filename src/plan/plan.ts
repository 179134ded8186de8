/** The plan is data, which is printed, compared, and carried out by src/deploy/. An unknown version is refused. */
export interface Plan {
  readonly version: 1;
  readonly fleet: string;
  readonly files: readonly FileChange[];
  readonly hypervisors: readonly HypervisorPlan[];
  /** What a person should know, though fleet does nothing about it. */
  readonly warnings: readonly string[];
  /** Why apply refuses the whole plan, unless `--force` is given. */
  readonly problems: readonly string[];
  /** Why what differs may be no drift: this is not surely the commit that is deployed, or hypervisors change just now. Absent: nothing. */
  readonly unsure?: readonly Unsure[];
  /** Without hypervisors: what files alone say. Absent: they were asked, or no commit to compare with is known. */
  readonly since?: Since;
}

/** `remote`: it did not answer, or has moved on since this was checked out; `locked`: somebody is at work on a hypervisor. */
export interface Unsure {
  readonly code: 'remote' | 'locked';
  readonly message: string;
}

/** How machines differ from those of a commit, as far as files tell. */
export interface Since {
  /** The commit that is compared with. */
  readonly commit: string;
  readonly machines: readonly MachineChange[];
}

export interface MachineChange {
  readonly kind: FileChange['kind'];
  /** The vm, or the hypervisor itself. */
  readonly target: string;
  readonly hypervisor: string;
  /** What has changed in fleet.yaml; empty: something else of what it is built from. */
  readonly changes: readonly FieldChange[];
  /** Of a vm that stays: whether it restarts if it runs. */
  readonly restarts: Restarts;
}

export interface FileChange {
  readonly path: string;
  readonly kind: 'add' | 'change' | 'remove';
  /** Unified diff. */
  readonly diff: string;
}

export interface HypervisorPlan {
  readonly name: string;
  /** Why its facts could not be read. */
  readonly unreachable?: string;
  /** The code of that, as of a failure. */
  readonly unreachableCode?: string;
  readonly actions: readonly Action[];
  readonly drift: readonly Drift[];
  /** Why apply refuses it. */
  readonly problems: readonly string[];
}

/**
 * checkout: the checkout moves to the commit, nothing that runs changes.
 * switch: the hypervisor's own system is built and, if it differs, activated.
 * update: the vm's runner is built; the guest restarts if the runner differs.
 * return: state that was set aside is restored, then as update.
 * join: a TAP is put back into its bridge; the guest is not touched.
 * restart: only a restart restores what is missing, or somebody asked for one.
 * repair: restores one part of the running system that somebody removed; no guest is touched.
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

/** Arguments of a repair: what to repair, and its name. */
export type Repair =
  | readonly ['link', bridge: string]
  | readonly ['address', bridge: string, address: string]
  | readonly ['forward4' | 'forward6', interface_: string]
  | readonly ['unit', unit: string];

/** Whether a guest restarts; `perhaps`: the build decides. */
export type Restarts = 'certainly' | 'perhaps' | 'no';

/** A field of fleet.yaml that has changed since its target was deployed. */
export interface FieldChange {
  /** Path below the vm or hypervisor: `memory`, `volumes./srv.size`; `networks` if one was added or removed. */
  readonly field: string;
  /** The old value, printable and shortened; absent: there was none. */
  readonly from?: string;
  /** The new value; absent: there is none. */
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
  /** Only a restart of networkd restores what is missing. */
  readonly networkd?: true;
  /** Of an `update`: the guest restarts even if the build changes nothing. */
  readonly restart?: true;
  /** Of an `update`: it is built and kept, and what runs goes on until somebody restarts it. */
  readonly waits?: true;
  /** What has changed in fleet.yaml since the target was deployed; absent: nothing, or unknown. */
  readonly changes?: readonly FieldChange[];
  /** Of an `update` and a `restart`: whether a running guest restarts. */
  readonly restarts?: Restarts;
  /** Of a `repair`: what is repaired, in this order. */
  readonly repairs?: readonly Repair[];
}

/** Something that differs from what was last deployed, whoever changed it. */
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
    | 'waiting'
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

/** Drift that apply does not repair, or that fleet cannot repair. */
const unwell = new Set<Drift['code']>(['no-answer', 'helper', 'check', 'forward-drop', 'not-kept']);

/** Drift that remains when the plan has been carried out. */
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
  const { files, hypervisors, since } = plan;
  return (
    files.length > 0 ||
    hypervisors.some((h) => h.actions.length > 0) ||
    (since !== undefined && since.machines.length > 0)
  );
}
