import type { Alerts } from '../../model/alert.ts';
import type { BuiltMachine } from '../../model/build-result.ts';
import type { CheckResult } from '../../model/check-result.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Examined } from '../../model/examined.ts';
import type { Failure } from '../../model/failure.ts';
import type { GenerationDiff } from '../../model/generation-diff.ts';
import type { LogLine } from '../../model/log-line.ts';
import type { PastDeployment } from '../../model/past-deployment.ts';
import type { PastOperation } from '../../model/past-operation.ts';
import type {
  FleetStatus,
  HypervisorStatus,
  Said,
  UnitStory,
  VmStatus,
} from '../../model/status.ts';
import type { Note } from '../../model/verification.ts';
import type { Plan } from '../../plan/plan.ts';
import type { GenerationRow } from '../generations-text.ts';
import type { Told } from './deploying.ts';
import type { Envelope } from './document.ts';
import type { CommandFailure } from './failing.ts';

// Documents of commands that ask hypervisors and change nothing.

/** `fleet plan` */
export interface PlanDocument extends Envelope<'plan'>, Plan {
  /** With --build: whether it can be built. */
  readonly build?: Built;
}

/** What became of one machine that was built to see whether it can be. */
export interface BuiltOn extends Told<BuiltMachine> {}

/** What was built to see whether it can be. */
export interface Built {
  readonly ok: boolean;
  readonly machines: readonly BuiltOn[];
  /** What Nix did not like, by the lines where it is written. */
  readonly diagnostics: readonly Diagnostic[];
}

/** `fleet build` */
export interface BuildDocument extends Envelope<'build'>, Built {}

/** `fleet status` of the fleet, or of several names. */
export interface StatusDocument extends Envelope<'status'>, FleetStatus {}

/** `fleet status NAME`: all that is known of one. */
export interface StoryDocument extends Envelope<'story'>, Omit<UnitStory, 'happened'> {
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  /** Where it is a vm. */
  readonly vm?: VmStatus;
  /** Where it is a hypervisor. */
  readonly hypervisor?: HypervisorStatus;
  /** The youngest first. */
  readonly deployments: readonly PastDeploymentOn[];
  /** The youngest first. */
  readonly operations: readonly PastOperationOn[];
  /** What systemd did with its units in the last day; the oldest first. Of a vm only where no watch tells what came of it. */
  readonly events: readonly Said[];
  /** What its hypervisor wrote down, as `fleet events` has it; the oldest first. */
  readonly happened: readonly SpoolEventDocument[];
}

/** One deployment as one hypervisor remembers it. */
export interface PastDeploymentOn extends Omit<PastDeployment, 'before' | 'after'> {
  readonly hypervisor: string;
  /** Store paths by vm (the hypervisor's own is `system`) before it. */
  readonly before: Readonly<Record<string, string>>;
  /** And those that it brought; empty unless it was confirmed. */
  readonly after: Readonly<Record<string, string>>;
}

/** What was done once to one vm, as its hypervisor remembers it. */
export interface PastOperationOn extends PastOperation {
  readonly hypervisor: string;
}

/** Why a hypervisor could not be asked. */
export interface NotAsked {
  readonly hypervisor: string;
  readonly failure: Failure;
}

/** `fleet history` */
export interface HistoryDocument extends Envelope<'history'> {
  /** Hypervisors that could not be asked. */
  readonly unreachable: readonly string[];
  /** Why, of each of them. */
  readonly failures: readonly NotAsked[];
  /** The youngest first. */
  readonly deployments: readonly PastDeploymentOn[];
  /** The youngest first. */
  readonly operations: readonly PastOperationOn[];
}

/** A generation that one can return to, and where it is. */
export interface ListedGeneration extends GenerationRow {
  readonly hypervisor: string;
  /** Present: the current generation replaced this one, in a deployment or a roll-back. */
  readonly replaced?: true;
}

/** `fleet rollback --list` */
export interface GenerationsDocument extends Envelope<'generations'> {
  /** Hypervisors that could not be asked. */
  readonly unreachable: readonly string[];
  /** Why, of each of them. */
  readonly failures: readonly NotAsked[];
  readonly generations: readonly ListedGeneration[];
}

/** `fleet diff` */
export interface DiffDocument extends Envelope<'diff'>, GenerationDiff {}

/** `fleet verify` */
export interface VerifyDocument extends Envelope<'verify'> {
  /** Whether every check passed. */
  readonly ok: boolean;
  readonly checks: readonly CheckResult[];
  readonly notes: readonly Note[];
}

/** `fleet doctor` */
export interface DoctorDocument extends Envelope<'doctor'> {
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  readonly examined: readonly Examined[];
}

/** One line that somebody wrote to the journal of a hypervisor. */
export interface LogEntry extends Omit<LogLine, 'at'> {
  /** UTC, by the clock of the hypervisor: 2026-01-02T03:04:05.678Z. */
  readonly time: string;
}

/** `fleet logs` */
export interface LogsDocument extends Envelope<'logs'> {
  /** Hypervisors whose lines are missing. */
  readonly unreachable: readonly string[];
  /** Why, of each of them. */
  readonly failures: readonly NotAsked[];
  readonly lines: readonly LogEntry[];
}

/** Each line of `fleet logs --follow`, and of `fleet console`. */
export interface LogDocument extends Envelope<'log'>, LogEntry {}

/** Each line of `fleet events --json`. (hypervisor, epoch, seq) is its name: docs/spool.md. */
export interface SpoolEventDocument extends Envelope<'spool-event'> {
  readonly hypervisor: string;
  /** UTC, by the clock of the hypervisor. */
  readonly time: string;
  readonly epoch: string;
  readonly seq: number;
  /** Seconds since the hypervisor booted. */
  readonly up: number;
  /** What happened: `guest.ended`. */
  readonly event: string;
  /** Undefined: it is about the hypervisor. */
  readonly vm?: string;
  /** What else is known. */
  readonly fields: Readonly<Record<string, string | number | boolean | null>>;
}

/** What one hypervisor alerts about; or why it is not known. */
export interface AlertsOfOne extends Partial<Alerts> {
  readonly hypervisor: string;
  readonly error?: CommandFailure;
}

/** `fleet alerts` */
export interface AlertsDocument extends Envelope<'alerts'> {
  readonly hypervisors: readonly AlertsOfOne[];
}
