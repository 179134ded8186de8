import type { CheckResult } from './check-result.ts';
import type { Stopped } from './facts.ts';
import type { HistoryEntry } from './past-deployment.ts';
import type { OperationEntry } from './past-operation.ts';
import type { SpoolEvent } from './spool-event.ts';
import type { GuestUsage } from './usage.ts';

/** Where a vm is in its life. Unknown: its hypervisor is silent. */
export type VmState =
  | 'Starting'
  | 'Ready'
  | 'Busy'
  | 'Idle'
  | 'Draining'
  | 'Terminated'
  | 'Failed'
  | 'Unknown';

/** What a person on call has to know of it, the worst first. */
export const standings = ['wrong', 'unknown', 'moving', 'noted', 'well'] as const;
export type Standing = (typeof standings)[number];

/** Something that is not as usual. */
export interface Finding {
  /** Stable: that of a drift, or of a failed check. */
  readonly code: string;
  readonly message: string;
  /** What to do about it, where the message does not say; may be several lines. */
  readonly hint?: string;
  /** false: to be known, not to be mended. */
  readonly wrong: boolean;
}

/** How a guest ended. */
export interface LastExit {
  /** Seconds since the epoch. */
  readonly at: number;
  /** Exit status; absent when a signal ended it. */
  readonly code?: number;
  /** Without its SIG. */
  readonly signal?: string;
  /** The kernel had no memory left for it. */
  readonly outOfMemory?: true;
  /** Nobody wanted it: systemd started it again. */
  readonly broughtBack?: true;
}

/** What came of one guest's ends in the last day, as the journal has it; of a row also as its hypervisor wrote it down. */
export interface Ends {
  /** How often it was brought back, by systemd or by its hypervisor's watch. */
  readonly restarts: number;
  /** Those in the ten minutes before the last of them, that one included. */
  readonly lately?: number;
  readonly last?: LastExit;
}

/** What its hypervisor has written down of a guest; times in seconds since the epoch. */
export interface Known {
  readonly state: VmState;
  readonly health?: 'ok' | 'failing' | 'unknown';
  /** The life that it is about; of another it says nothing. */
  readonly invocation?: string;
  readonly since?: number;
  readonly why?: string;
  /** When its checks were last all well. */
  readonly lastHealthy?: number;
  /** By the hypervisor itself, since a deployment or a person started it. */
  readonly restarts: number;
  /** When those of the last day were, whoever started it since; the youngest first, of many the last forty. */
  readonly returned?: readonly number[];
  readonly lastEnd?: { readonly at: number; readonly who: string; readonly why: string };
}

/** What a guest uses just now; absent where the kernel does not tell. */
export interface GuestUse {
  /** Without what is merely cached. */
  readonly memoryKiB?: number;
  /** Of one processor: 100 is all of it. */
  readonly cpuPercent?: number;
}

/** What is asked of a hypervisor for a person on call, besides its facts. */
export interface Figures {
  /** Seconds since it came up. */
  readonly uptime: number | undefined;
  /** Average of a minute, five, fifteen. */
  readonly load: readonly number[];
  /** What NixOS calls its version. */
  readonly release: string | undefined;
  readonly guests: ReadonlyMap<string, GuestUse>;
  readonly ends: ReadonlyMap<string, Ends>;
  /** Absent where the hypervisor does not look after its guests by itself yet. */
  readonly known?: ReadonlyMap<string, Known>;
  /** What nobody owns, as the hypervisor last found it. */
  readonly orphans?: readonly { readonly what: string; readonly name: string }[];
  /** Seconds of uptime at which its watch last looked; absent where there is none. */
  readonly watched?: number;
  /** The journal had more than was read: counts are no fewer than these. */
  readonly endsCut: boolean;
  /** Those that ended, the oldest first. */
  readonly past: readonly {
    readonly id: string;
    readonly operator: string;
    readonly commit: string;
    readonly started: number;
    /** `done`, `rolled-back` and the like. */
    readonly result?: string;
    /** Why it failed, in a sentence. */
    readonly failure?: string;
    /** It failed by the fault of its commit. */
    readonly isOfCommit?: boolean;
  }[];
  /** Deployment that has not ended → what it does, since when (seconds since the epoch). */
  readonly phases: ReadonlyMap<string, Phase>;
}

/** What a deployment does, or did last. */
export interface Phase {
  readonly name: string;
  /** Seconds since the epoch. */
  readonly since: number;
  /** It has not ended: a hypervisor waits for its end, and not for fleet. */
  readonly runs: boolean;
}

/** The commit that something is deployed of. */
export interface Origin {
  readonly commit: string;
  /** Of the deployment, in seconds since the epoch. */
  readonly since: number;
  readonly operator?: string;
  /** Where the commit is in this clone. */
  readonly subject?: string;
  /** The commit that was deployed there before; absent: none that is known. */
  readonly follows?: string;
}

/** Times in seconds since the epoch by the hypervisor's clock; `now` of its row is when it was looked at. */
export interface VmStatus {
  readonly name: string;
  readonly hypervisor: string;
  readonly standing: Standing;
  readonly state: VmState;
  /** What fleet.yaml asks for, or `fleet stop --hold`. */
  readonly wanted: 'running' | 'stopped';
  readonly health: 'ok' | 'failing' | 'unknown';
  readonly findings: readonly Finding[];
  readonly checks: readonly CheckResult[];
  readonly now?: number;
  /** By whom, where somebody wants it so. */
  readonly stopped?: Stopped;
  /** Since when it runs, or does not; absent: nobody knows, as of one that runs and is not well. */
  readonly since?: number;
  readonly ends?: Ends & { readonly cut: boolean };
  /** What its hypervisor has done about it by itself, and why. */
  readonly known?: Known;
  readonly address: string;
  readonly use: GuestUse;
  readonly memoryMiB: number;
  readonly vcpu: number;
  readonly diskKiB?: number;
  readonly origin?: Origin;
}

export interface HypervisorStatus {
  readonly name: string;
  readonly standing: Standing;
  readonly reachable: boolean;
  readonly findings: readonly Finding[];
  readonly checks: readonly CheckResult[];
  readonly now?: number;
  /** Seconds. */
  readonly uptime?: number;
  readonly release?: string;
  readonly rebootFor: readonly string[];
  readonly load: readonly number[];
  readonly processors?: number;
  readonly memory?: { readonly totalKiB: number; readonly availableKiB: number };
  /** Where there is the least of what fleet needs. */
  readonly freeKiB?: { readonly folder: string; readonly kib: number };
  readonly origin?: Origin;
  /** Commits of the branch here that its checkout lacks; absent: not known here. */
  readonly behind?: number;
  readonly underWay?: {
    readonly id: string;
    readonly operation: string;
    readonly operator: string;
    readonly since: number;
    readonly phase?: string;
    readonly phaseSince?: number;
  };
}

export interface FleetStatus {
  readonly fleet: string;
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  /** The worst first. */
  readonly hypervisors: readonly HypervisorStatus[];
  readonly vms: readonly VmStatus[];
}

/** One line of systemd's. */
export interface Said {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

/** What happened to units, and what they said last; the oldest first. */
export interface UnitStory {
  /** What systemd did with them in the last day; of a vm only where no watch of its hypervisor tells what came of it. */
  readonly events: readonly Said[];
  /** As the hypervisor wrote it down. */
  readonly happened: readonly SpoolEvent[];
  /** Each with the time and the program in front of it. */
  readonly lines: readonly string[];
  /** Of a vm, as its hypervisor wrote them down, the youngest first; of its helpers only failures. */
  readonly ends: readonly PastEnd[];
  /** Of a vm: memory that was kept when it hung, and of its VMM when that crashed. */
  readonly dumps: readonly Dump[];
  readonly cores: readonly Core[];
  /** Of a vm with an agent: how it said that it is inside, not longer ago than two minutes. */
  readonly inside?: GuestUsage;
}

/** How a life of a guest ended, or a helper of it (docs/recovery.md). */
export interface PastEnd {
  readonly unit: string;
  /** Seconds since the epoch, by the clock there. */
  readonly at: number;
  /** fleet, person, shutdown, helper, guest or vmm. */
  readonly who: string;
  readonly why: string;
  /** Seconds that it had run. */
  readonly ran?: number;
  /** What it said last. */
  readonly last?: string;
}

/** A guest's memory in a file on its hypervisor, for root alone. */
export interface Dump {
  readonly file: string;
  readonly bytes: number;
}

/** A core dump that systemd-coredump has of a VMM. */
export interface Core {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly signal: number;
}

/** All that is known of one vm or hypervisor. */
export interface Story extends UnitStory {
  readonly status:
    | { readonly kind: 'vm'; readonly row: VmStatus }
    | { readonly kind: 'hypervisor'; readonly row: HypervisorStatus };
  /** The youngest first. */
  readonly deployments: readonly HistoryEntry[];
  /** What was done to single vms besides, the youngest first. */
  readonly operations: readonly OperationEntry[];
}
