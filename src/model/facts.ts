import type { Expected } from './expected.ts';
import type { GuestHealth, VmFacts } from './guest-facts.ts';
import type { Interface, Plumbing, Route } from './network-facts.ts';

/** What a hypervisor really looks like now. Store paths are absolute; '' never stands for "none". */
export interface Facts {
  /** When this was read, by the hypervisor's own clock; it and every `…Since`: seconds since the epoch. */
  readonly now: number;
  readonly bootId: string;
  readonly machine: string;
  /** The address that fleet connects from, as the hypervisor sees it. */
  readonly clientAddress: string | undefined;
  /** The hypervisor's own address that fleet connected to, as it sees it. */
  readonly ownAddress?: string | undefined;
  /** The port of sshd that fleet is connected to; the port that fleet called may be forwarded to it. */
  readonly sshdPort: number | undefined;
  readonly currentSystem: string | undefined;
  readonly bootedSystem: string | undefined;
  readonly systemProfile: string | undefined;
  /** When a system was last activated. */
  readonly currentSystemSince: number | undefined;
  /** When the profile was last set. */
  readonly systemProfileSince: number | undefined;
  /** Parts of the system that only a reboot would bring into use: kernel, initrd, kernel-modules. */
  readonly rebootFor: readonly string[];
  readonly missingTools: readonly string[];
  /** KiB free, by the folder asked for; of one that is not there, where it would be made. */
  readonly freeKiB: ReadonlyMap<string, number>;
  /** KiB that the folder of a vm takes in /var/lib/microvms, by vm. */
  readonly takenKiB: ReadonlyMap<string, number>;
  /** Counting was cut short: for vms that are missing in `takenKiB` the size is unknown. */
  readonly takenCut?: true;
  /** The deployment that has this hypervisor, dead or alive. */
  readonly lock: OpenDeployment | undefined;
  readonly memory: Memory | undefined;
  /** Processors that are online. */
  readonly processors: number | undefined;
  /** What else could change this hypervisor; fleet's own processes are among them while `lock` is set. */
  readonly writers: readonly Writer[];
  /** nix-collect-garbage runs. */
  readonly collecting: boolean;
  /** Present: what is under /var/lib/fleet is in a version that this fleet does not know. */
  readonly unknownState?: UnknownState;
  /** Name of the fleet that deployed here last. */
  readonly fleet: string | undefined;
  readonly checkout: Checkout | undefined;
  /** By vm name; the hypervisor's own under `systemName`. */
  readonly deployed: ReadonlyMap<string, Deployed>;
  /** Names in `deployed` whose path is not in the store any more. */
  readonly gone: ReadonlySet<string>;
  /** Folder in /var/lib/microvms, also of a vm that is not fleet's → its links that lead to no runner any more. */
  readonly lost: ReadonlyMap<string, readonly string[]>;
  /** Names in `deployed` whose path no root of fleet's keeps from being collected. */
  readonly unrooted: ReadonlySet<string>;
  readonly held: ReadonlyMap<string, Held>;
  /** Vms that somebody has stopped (`fleet stop`), and that nobody has started since. */
  readonly stopped: ReadonlyMap<string, Stopped>;
  /** Vms whose next runner is built and kept, and waits for a restart (`apply --restart never`). */
  readonly waiting: ReadonlyMap<string, Deployed>;
  /** Vm name → folders with state that was set aside. */
  readonly aside: ReadonlyMap<string, readonly string[]>;
  /** Deployments that began and have not ended. */
  readonly open: readonly OpenDeployment[];
  readonly vms: ReadonlyMap<string, VmFacts>;
  /** Folders of guests with names that no vm of a fleet can have (`Web_1`); absent when there are none. */
  readonly otherVms?: readonly string[];
  /** Only when asked for: facts under a deployment's lock. */
  readonly failedUnits: readonly string[];
  readonly interfaces: ReadonlyMap<string, Interface>;
  readonly routes: readonly Route[];
  /** Addresses that were asked → did they answer. */
  readonly answers: ReadonlyMap<string, boolean>;
  readonly plumbing: Plumbing;
  /** What /var/lib/fleet is on; undefined where the hypervisor does not tell. */
  readonly stateMount: StateMount | undefined;
  /** Folder of a vm, also of one that was set aside → files that could be its disks → bytes. */
  readonly images: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Folders of vms with so many files that `images` has only the first of them. */
  readonly crowded: ReadonlySet<string>;
  /** The last deployment that ended and was not without effect: `done`, `rolled-back` and the like. */
  readonly ended: { readonly id: string; readonly result: string } | undefined;
}

export interface UnknownState {
  /** Undefined: its file does not say. */
  readonly version: number | undefined;
  /** The newest that this fleet reads. */
  readonly reads: number;
}

/** The part of facts that may change from one second to the next, and that is read alone, too. */
export interface Health extends Pick<Facts, 'bootId' | 'currentSystem' | 'interfaces' | 'answers'> {
  readonly vms: ReadonlyMap<string, GuestHealth>;
}

export interface StateMount {
  readonly folder: string;
  /** The kind of file system. */
  readonly type: string;
  /** Other folders of a root that is not kept are kept by mounts of their own. */
  readonly othersKept: boolean;
}

export interface Memory {
  readonly totalKiB: number;
  /** What the kernel could give to programs without swapping. */
  readonly availableKiB: number;
}

/** A unit or a program that changes systems or runners without fleet. */
export interface Writer {
  readonly name: string;
  /** running: at work just now. installed: will be, some time. */
  readonly kind: 'running' | 'installed';
}

export interface OpenDeployment {
  readonly id: string;
  readonly owner: string;
  readonly operation: string;
  /** Seconds since the epoch. */
  readonly since: number;
  /** Who decided how it ends; undefined: nobody yet. */
  readonly decided: 'back' | 'confirmed' | undefined;
  /** Seconds until the hypervisor rolls itself back, unless it hears from fleet. */
  readonly left: number;
  /** Its way back is armed, or one of its steps runs: it is not dead. */
  readonly atWork: boolean;
}

export interface Checkout {
  readonly commit: string | undefined;
  readonly branch: string | undefined;
  /** Number of files that differ from the commit. */
  readonly dirty: number;
  /** The first of them; absent: none. */
  readonly edited?: readonly string[];
}

export interface Deployed {
  readonly fingerprint: string;
  readonly path: string;
  readonly commit: string;
  readonly since: number;
  /** How that generation is reached; undefined for a hypervisor. */
  readonly expected: Expected | undefined;
}

export interface Held {
  /** The runner or system that was rolled back from. */
  readonly from: string;
  readonly to: string;
  readonly operator: string;
  readonly since: number;
}

/** Somebody wants a vm stopped, for now. */
export interface Stopped {
  readonly operator: string;
  readonly since: number;
  /** Until it is released; else until the next apply. */
  readonly isHeld: boolean;
}
