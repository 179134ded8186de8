import type { Facts } from './facts.ts';
import type { Hypervisor, Vm } from './fleet.ts';
import type { BroughtGeneration, GenerationDiff } from './generation-diff.ts';
import type { FleetIndex } from './index.ts';
import type { LogLine } from './log-line.ts';
import type { HistoryEntry } from './past-deployment.ts';
import type { FleetStatus, Story } from './status.ts';

/** All that is known of some vms and hypervisors at one moment: for whoever looks into it later and elsewhere. */
export interface Incident {
  /** Ms since the epoch, by our clock. */
  readonly at: number;
  readonly index: FleetIndex;
  /** Of the hypervisors concerned, and all their vms. */
  readonly status: FleetStatus;
  readonly hypervisors: readonly IncidentOn[];
}

/** What was read on one hypervisor. */
export interface IncidentOn {
  readonly hypervisor: Hypervisor;
  readonly facts?: Facts;
  /** How it differs from what was deployed. */
  readonly drift: readonly { readonly target: string; readonly message: string }[];
  /** What its own tools say: `routes`, `nft` and the like. */
  readonly parts: ReadonlyMap<string, string>;
  /** Its own last lines. */
  readonly journal: readonly LogLine[];
  readonly machines: readonly IncidentMachine[];
  readonly missing: readonly Missing[];
}

/** A vm, or the hypervisor itself. */
export interface IncidentMachine {
  readonly name: string;
  /** Absent: it is the hypervisor. */
  readonly vm?: Vm;
  readonly story: Story;
  /** What it said last, whatever generation it was on. */
  readonly log: readonly LogLine[];
  /** What it said last before the deployment that brought the current generation. */
  readonly logBefore: readonly LogLine[];
  /** The last three that were about it, the youngest first, and what it said during each. */
  readonly deployments: readonly (HistoryEntry & { readonly log: readonly LogLine[] })[];
  /** The generation that a roll-back would return to. */
  readonly before?: BroughtGeneration;
  /** How that differs from the current one. */
  readonly diff?: GenerationDiff;
}

/** Something that could not be read. */
export interface Missing {
  readonly part: string;
  readonly why: string;
}
