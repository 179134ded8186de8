import type { AlertsOn } from '../model/alert.ts';
import type { BuildResult } from '../model/build-result.ts';
import { type CheckResult, plainCheck } from '../model/check-result.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { ConfigError, FleetError } from '../model/errors.ts';
import type { Examined } from '../model/examined.ts';
import type { ExecResult } from '../model/exec-result.ts';
import type { ExportResult } from '../model/export-result.ts';
import type { OpenDeployment } from '../model/facts.ts';
import { failureOf } from '../model/failure.ts';
import type { GarbageOn } from '../model/garbage.ts';
import type { BroughtGeneration, GenerationDiff } from '../model/generation-diff.ts';
import type { HostKey } from '../model/host-key.ts';
import type { Incident } from '../model/incident.ts';
import type { CleanedOn, LeftoversOn } from '../model/leftovers.ts';
import type { LogLine } from '../model/log-line.ts';
import type { OperationKind, OperationResult } from '../model/operation-result.ts';
import type { HistoryEntry } from '../model/past-deployment.ts';
import type { OperationEntry } from '../model/past-operation.ts';
import { plainText } from '../model/plain-text.ts';
import type { HypervisorResult } from '../model/result.ts';
import type { FleetStatus, Story } from '../model/status.ts';
import type { UsageOn } from '../model/usage.ts';
import type { Note } from '../model/verification.ts';
import type { Plan } from '../plan/plan.ts';
import { eventDocument } from './events-text.ts';
import { missingIn, type WrittenIncident } from './incident-text.ts';
import type {
  ApplyDocument,
  Deployed,
  ExportDocument,
  OperationDocument,
  ResumeDocument,
  RollbackDocument,
  Told,
} from './json/deploying.ts';
import type { HostKeysDocument, RenderDocument, ValidateDocument } from './json/desk.ts';
import type { CommandFailure, ErrorDocument } from './json/failing.ts';
import type { JsonDocument } from './json/index.ts';
import type {
  AlertsDocument,
  BuildDocument,
  Built,
  DiffDocument,
  DoctorDocument,
  GenerationsDocument,
  HistoryDocument,
  ListedGeneration,
  LogsDocument,
  PlanDocument,
  StatusDocument,
  StoryDocument,
  VerifyDocument,
} from './json/looking.ts';
import type {
  CleanupDocument,
  ExecDocument,
  ExecOutput,
  ForwardDocument,
  Forwarded,
  GcDocument,
  IncidentDocument,
  TopDocument,
  UnlockDocument,
} from './json/upkeep.ts';
import { logEntry } from './logs-text.ts';

// What programs are given: a document a kind, by --json as a whole, and as the last event of --json-stream.

/** A document as it is printed: an error on one line, so that it may also end lines of JSON. */
export function documentText(document: JsonDocument): string {
  return document.kind === 'error'
    ? documentLine(document)
    : `${JSON.stringify(document, null, 2)}\n`;
}

/** One of several, a line each. */
export function documentLine(document: JsonDocument): string {
  return `${JSON.stringify(document)}\n`;
}

export type Deploying = 'apply' | 'resume' | 'rollback';

/** What the document of a command that deploys has besides results. */
export interface DocumentMore extends Omit<Deployed, 'results'> {
  readonly plan?: Plan;
  /** What was fetched when it was done; none: it is left out. */
  readonly exports?: readonly ExportResult[];
}

/** How a deployment went. */
export function resultsDocument(
  kind: Deploying,
  results: readonly HypervisorResult[],
  { exports = [], ...more }: DocumentMore,
): ApplyDocument | ResumeDocument | RollbackDocument {
  const fetched = exports.length > 0 && { exports: exports.map(told) };
  return { kind, version: 1, ...more, results: results.map(told), ...fetched };
}

/** As it leaves the program: what failed is data. */
function told<Result extends { readonly failure?: FleetError }>({
  failure,
  ...rest
}: Result): Told<Result> {
  return { ...rest, ...(failure && { failure: failureOf(failure) }) };
}

/** The plan says its own version. */
export function planDocument(plan: Plan, built?: BuildResult): PlanDocument {
  return { kind: 'plan', ...plan, ...(built && { build: plainBuild(built) }) };
}

/** What was built to see whether it can be. */
export function buildDocument(built: BuildResult): BuildDocument {
  return { kind: 'build', version: 1, ...plainBuild(built) };
}

/** The same within a plan. */
export function plainBuild({ ok, machines, diagnostics }: BuildResult): Built {
  return { ok, machines: machines.map(told), diagnostics };
}

export function checksDocument(
  ok: boolean,
  checks: readonly CheckResult[],
  notes: readonly Note[],
): VerifyDocument {
  return { kind: 'verify', version: 1, ok, checks, notes };
}

export function statusDocument(status: FleetStatus): StatusDocument {
  return { kind: 'status', version: 1, ...status };
}

export function storyDocument({
  status,
  deployments,
  operations,
  events,
  happened,
  lines,
  ends,
  dumps,
  cores,
  inside,
}: Story): StoryDocument {
  const { row, kind: about } = status;
  const hypervisor = status.kind === 'vm' ? status.row.hypervisor : row.name;
  return {
    ...{ kind: 'story', version: 1, ok: row.standing !== 'wrong' && row.standing !== 'unknown' },
    ...{ [about]: row, deployments: deployments.map(pastDeployment) },
    ...{ operations: operations.map(pastOperation), events, lines, ends, dumps, cores },
    happened: happened.map((event) => eventDocument({ ...event, hypervisor })),
    ...(inside && { inside }),
  };
}

/** What an archive has and lacks. */
export function incidentDocument(incident: Incident, written: WrittenIncident): IncidentDocument {
  const { file, bytes, files } = written;
  return {
    ...{ kind: 'incident', version: 1, file, bytes },
    files: files.map(({ path }) => path),
    missing: missingIn(incident),
  };
}

export function doctorDocument(ok: boolean, examined: readonly Examined[]): DoctorDocument {
  return { kind: 'doctor', version: 1, ok, examined };
}

/** What hypervisors alert about. */
export function alertsDocument(all: readonly AlertsOn[]): AlertsDocument {
  return {
    ...{ kind: 'alerts', version: 1 },
    hypervisors: all.map(({ hypervisor, answer }) =>
      answer instanceof Error
        ? { hypervisor, error: errorDocument(answer).error }
        : { hypervisor, ...answer },
    ),
  };
}

/** What `fleet gc` deleted; nothing where somebody said no. */
export function garbageDocument(gone: readonly GarbageOn[], declined = false): GcDocument {
  return {
    ...{ kind: 'gc', version: 1 },
    ...(declined && { declined }),
    hypervisors: gone.map(({ hypervisor, answer }) =>
      answer instanceof Error
        ? { hypervisor, error: errorDocument(answer).error }
        : { hypervisor, generations: answer.old, freedKiB: answer.freedKiB, paths: answer.paths },
    ),
  };
}

export function topDocument(seen: readonly UsageOn[]): TopDocument {
  return {
    ...{ kind: 'top', version: 1 },
    hypervisors: seen.map(({ hypervisor, answer }) =>
      answer instanceof Error
        ? { name: hypervisor, error: errorDocument(answer).error }
        : { ...answer.hypervisor, vms: answer.vms },
    ),
  };
}

/** What nobody owned, and what became of it: nothing where somebody said no. */
export function cleanupDocument(
  found: readonly LeftoversOn[],
  cleaned: readonly CleanedOn[],
  declined = false,
): CleanupDocument {
  const of = new Map(cleaned.map(({ hypervisor, answer }) => [hypervisor, answer]));
  return {
    ...{ kind: 'cleanup', version: 1 },
    ...(declined && { declined }),
    hypervisors: found.map(({ hypervisor, answer }) => {
      const became = of.get(hypervisor);
      const failed =
        answer instanceof Error ? answer : became instanceof Error ? became : undefined;
      return {
        hypervisor,
        ...(answer instanceof Error
          ? {}
          : { leftovers: answer.things, notFleets: answer.strangers }),
        ...(failed ? { error: errorDocument(failed).error } : { gone: [], kept: [], ...became }),
      };
    }),
  };
}

export function validationDocument(
  valid: boolean,
  diagnostics: readonly Diagnostic[],
): ValidateDocument {
  return { kind: 'validate', version: 1, valid, diagnostics };
}

/** A hypervisor that could not be asked, and why. */
interface Silent {
  readonly hypervisor: string;
  readonly error: unknown;
}

const notAsked = (silent: readonly Silent[]) => ({
  unreachable: silent.map(({ hypervisor }) => hypervisor),
  failures: silent.map(({ hypervisor, error }) => ({
    hypervisor,
    failure: errorDocument(error).error,
  })),
});

export function generationsDocument(
  generations: readonly ListedGeneration[],
  silent: readonly Silent[],
): GenerationsDocument {
  return { kind: 'generations', version: 1, ...notAsked(silent), generations };
}

export function historyDocument(
  entries: readonly HistoryEntry[],
  operations: readonly OperationEntry[],
  silent: readonly Silent[],
): HistoryDocument {
  return {
    kind: 'history',
    version: 1,
    ...notAsked(silent),
    deployments: entries.map(pastDeployment),
    operations: operations.map(pastOperation),
  };
}

function pastDeployment({ hypervisor, deployment: { before, after, ...rest } }: HistoryEntry) {
  return {
    hypervisor,
    ...rest,
    before: Object.fromEntries(before),
    after: Object.fromEntries(after),
  };
}

const pastOperation = ({ hypervisor, operation }: OperationEntry) => ({ hypervisor, ...operation });

/** How a command ended on machines. */
export function execDocument(
  results: readonly ExecResult[],
  outputOf: (machine: string) => ExecOutput,
): ExecDocument {
  return {
    kind: 'exec',
    version: 1,
    machines: results.map((result) => ({ ...told(result), ...outputOf(result.name) })),
  };
}

/** Ports that are listened on here, for one name. */
export function forwardDocument(name: string, forwards: readonly Forwarded[]): ForwardDocument {
  return { kind: 'forward', version: 1, name, forwards };
}

/** The ssh host keys of a vm. */
export function hostKeysDocument(known: {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly keys: readonly HostKey[];
}): HostKeysDocument {
  return { kind: 'host-keys', version: 1, ...known };
}

/** Without what a list says of it besides. */
const brought = ({ number, path, since, deployment, commit }: BroughtGeneration) => ({
  ...{ number, path, since, deployment, commit },
});

/** How two generations differ. */
export function diffDocument(diff: GenerationDiff): DiffDocument {
  const [from, to] = [diff.from, diff.to].map(brought) as [BroughtGeneration, BroughtGeneration];
  return { kind: 'diff', version: 1, ...diff, from, to };
}

/** What was done to single vms. */
export function operationDocument(
  kind: OperationKind,
  results: readonly OperationResult[],
  {
    exports = [],
    ...more
  }: { readonly declined?: boolean; readonly exports?: readonly ExportResult[] } = {},
): OperationDocument {
  const plain = results.map((result) => ({
    ...told(result),
    checks: result.checks.map(plainCheck),
  }));
  const fetched = exports.length > 0 && { exports: exports.map(told) };
  return { kind, version: 1, ...more, results: plain, ...fetched };
}

/** @param silent hypervisors whose lines are missing */
export function logsDocument(lines: readonly LogLine[], silent: readonly Silent[]): LogsDocument {
  return { kind: 'logs', version: 1, ...notAsked(silent), lines: lines.map(logEntry) };
}

export function exportDocument(exports: readonly ExportResult[]): ExportDocument {
  return { kind: 'export', version: 1, exports: exports.map(told) };
}

export function renderDocument(
  { write, remove, unchanged }: Omit<RenderDocument, 'kind' | 'version' | 'check'>,
  check: boolean,
): RenderDocument {
  return { kind: 'render', version: 1, check, write, remove, unchanged };
}

/** @param how declined: somebody said no; result: how the deployment ended */
export function unlockDocument(
  { hypervisor, open }: { readonly hypervisor: string; readonly open: OpenDeployment | undefined },
  { declined, ...how }: { readonly declined?: true; readonly result?: string },
): UnlockDocument {
  return {
    ...{ kind: 'unlock', version: 1, hypervisor },
    ...(declined && { declined }),
    ...(open && {
      deployment: {
        ...{ id: open.id, operation: open.operation, operator: open.owner, since: open.since },
        ...how,
      },
    }),
  };
}

/** The last of lines that others had a part in. @param names whose lines could not be had */
export function missingDocument(names: readonly string[]): ErrorDocument {
  const message = `the lines of ${names.join(', ')} are missing`;
  return errorDocument(new FleetError('logs.missing', message));
}

/** The last of events that others had a part in. @param names whose events could not be had */
export function missingEventsDocument(names: readonly string[]): ErrorDocument {
  const message = `the events of ${names.join(', ')} are missing`;
  return errorDocument(new FleetError('events.missing', message));
}

/** Whatever was thrown. */
export function errorDocument(thrown: unknown): ErrorDocument {
  const error: CommandFailure =
    thrown instanceof FleetError
      ? {
          ...failureOf(thrown),
          ...(thrown instanceof ConfigError && { diagnostics: thrown.diagnostics }),
        }
      : { code: 'internal', message: plainText(String(thrown), 8000), blames: 'world' };
  return { kind: 'error', version: 1, error };
}
