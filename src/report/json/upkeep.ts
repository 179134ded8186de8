import type { ExecResult } from '../../model/exec-result.ts';
import type { OldGeneration } from '../../model/garbage.ts';
import type { Cleaned, Leftover, Leftovers } from '../../model/leftovers.ts';
import type { HypervisorUsage, VmUsage } from '../../model/usage.ts';
import type { Told } from './deploying.ts';
import type { Envelope } from './document.ts';
import type { CommandFailure } from './failing.ts';

// Documents of commands that look after hypervisors, or reach what runs there.

/** What `fleet gc` did on one hypervisor; what it deleted, or why it did not. */
export interface CollectedOn {
  readonly hypervisor: string;
  readonly error?: CommandFailure;
  readonly generations?: readonly OldGeneration[];
  /** As Nix counts it. */
  readonly freedKiB?: number;
  /** Store paths that were deleted. */
  readonly paths?: number;
}

/** `fleet gc` */
export interface GcDocument extends Envelope<'gc'> {
  /** Somebody was asked and said no: nothing was deleted. */
  readonly declined?: boolean;
  readonly hypervisors: readonly CollectedOn[];
}

/** What a hypervisor and its vms have and use; or why it is not known. */
export interface UsageOf extends Partial<HypervisorUsage> {
  readonly name: string;
  readonly error?: CommandFailure;
  readonly vms?: readonly VmUsage[];
}

/** `fleet top` */
export interface TopDocument extends Envelope<'top'> {
  readonly hypervisors: readonly UsageOf[];
}

/** What nobody owns on one hypervisor, and what became of it; or why it is not known. */
export interface CleanedOn extends Partial<Cleaned> {
  readonly hypervisor: string;
  readonly error?: CommandFailure;
  readonly leftovers?: readonly Leftover[];
  /** What looks like a guest's, and is not fleet's: it is left alone. */
  readonly notFleets?: Leftovers['strangers'];
}

/** `fleet cleanup` */
export interface CleanupDocument extends Envelope<'cleanup'> {
  /** Somebody was asked and said no: nothing was deleted. */
  readonly declined?: boolean;
  readonly hypervisors: readonly CleanedOn[];
}

/** `fleet unlock` */
export interface UnlockDocument extends Envelope<'unlock'> {
  readonly hypervisor: string;
  /** Somebody was asked and said no: nothing was changed. */
  readonly declined?: boolean;
  /** What kept it locked; absent: nothing did. */
  readonly deployment?: {
    readonly id: string;
    /** apply, rollback and the like. */
    readonly operation: string;
    readonly operator: string;
    /** Seconds since the epoch. */
    readonly since: number;
    /** How it ended, where that was still to be decided: done, rolled-back, rollback-failed. */
    readonly result?: string;
  };
}

/** What is not in an archive, and why. */
export interface MissingPart {
  readonly hypervisor: string;
  readonly part: string;
  readonly why: string;
}

/** `fleet incident` */
export interface IncidentDocument extends Envelope<'incident'> {
  /** The archive. */
  readonly file: string;
  readonly bytes: number;
  /** Paths in it. */
  readonly files: readonly string[];
  readonly missing: readonly MissingPart[];
}

/** What a machine said: the end of it, where it was more than is kept. */
export interface ExecOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly isCut: boolean;
}

/** How a command ended on one machine. */
export interface ExecOn extends Told<ExecResult>, ExecOutput {}

/** `fleet exec` */
export interface ExecDocument extends Envelope<'exec'> {
  readonly machines: readonly ExecOn[];
}

/** A port that is listened on here. */
export interface Forwarded {
  /** Port of 127.0.0.1 here. */
  readonly local: number;
  /** Where it leads. */
  readonly address: string;
  readonly port: number;
}

/** `fleet forward`, as soon as all of them are listened on; it goes on until it is ended. */
export interface ForwardDocument extends Envelope<'forward'> {
  readonly name: string;
  readonly forwards: readonly Forwarded[];
}
