/** What was done to a hypervisor, by whoever tests it. Times are Unix seconds. */
export const injuryKinds = [
  'vmm-kill', // SIGKILL to QEMU
  'vmm-segv', // SIGSEGV to QEMU
  'hang', // SIGSTOP to QEMU: it runs, and never answers
  'guest-off', // the guest powers itself off
  'guest-reboot', // the guest reboots itself
  'guest-panic',
  'virtiofsd-kill',
  'tap-out', // out of its bridge
  'bridge-down',
  'address-gone', // the bridge's
  'cable-out',
  'cable-in',
  'power-cut',
  'reboot',
  'systemctl-stop',
  'systemctl-start',
  'fleet-stop',
  'fleet-start',
  'fleet-restart',
  'deploy',
] as const;
export type InjuryKind = (typeof injuryKinds)[number];

export interface Injury {
  readonly kind: InjuryKind;
  readonly at: number;
  /** When the command that did it came back. */
  readonly until: number;
  /** Of one guest; without it it concerns the hypervisor, or every guest that a deployment changes. */
  readonly vm?: string;
  /** The TAP, or the bridge. */
  readonly what?: string;
  /** Exit status of the command. */
  readonly code?: number;
}

/** One event of the spool, as far as the checker reads it. */
export interface Told {
  readonly epoch: string;
  readonly seq: number;
  readonly at: number;
  readonly up: number;
  readonly kind: string;
  readonly vm?: string;
  readonly [field: string]: unknown;
}

/** From the start of a guest's VMM to its end, as systemd's journal has it: nobody of fleet's writes that. */
export interface Life {
  readonly vm: string;
  readonly invocation: string;
  readonly began: number;
  /** Missing: it runs, or the power was cut. */
  readonly ended?: number;
  /** systemd's word: success, signal, exit-code, core-dump, timeout, oom-kill. */
  readonly result?: string;
}

/** What fleet's file says about a guest. */
export interface Remembered {
  readonly state: string;
  readonly why?: string;
  readonly lastEnd?: string;
  readonly invocation?: string;
}

/** What is so, seen without fleet. */
export interface GuestTruth {
  readonly active: boolean;
  readonly invocation: string;
  readonly answers: boolean;
  /** The bridge that its TAP is in. */
  readonly bridge: string | undefined;
}

export interface BridgeTruth {
  readonly up: boolean;
  readonly addresses: readonly string[];
}

/** Of one guest's policy, in seconds. */
export interface GuestPolicy {
  readonly tap: string;
  readonly bridge: string;
  readonly attempts: number;
  readonly interval: number;
  readonly maxPerHour: number;
  /** Failures in a row, and how far apart. */
  readonly unhealthy: { readonly after: number; readonly every: number };
}

export interface History {
  readonly began: number;
  readonly until: number;
  readonly guests: Readonly<Record<string, GuestPolicy>>;
  readonly bridges: Readonly<Record<string, readonly string[]>>;
  readonly injuries: readonly Injury[];
  /** Lines of the spool that are no events, and why. */
  readonly unreadable: readonly string[];
  readonly events: readonly Told[];
  readonly lives: readonly Life[];
  readonly remembered: Readonly<Record<string, Remembered | undefined>>;
  readonly truth: {
    readonly guests: Readonly<Record<string, GuestTruth>>;
    readonly bridges: Readonly<Record<string, BridgeTruth>>;
  };
}
