import type { BuildResult } from '../model/build-result.ts';
import { type CheckResult, plainCheck } from '../model/check-result.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { ConfigError, FleetError } from '../model/errors.ts';
import type { Examined } from '../model/examined.ts';
import type { ExecResult } from '../model/exec-result.ts';
import type { ExportResult } from '../model/export-result.ts';
import { failureOf } from '../model/failure.ts';
import type { GarbageOn } from '../model/garbage.ts';
import type { GenerationDiff } from '../model/generation-diff.ts';
import type { Incident } from '../model/incident.ts';
import type { CleanedOn, LeftoversOn } from '../model/leftovers.ts';
import type { LogLine } from '../model/log-line.ts';
import type { OperationKind, OperationResult } from '../model/operation-result.ts';
import type { HistoryEntry } from '../model/past-deployment.ts';
import type { OperationEntry } from '../model/past-operation.ts';
import type { HypervisorResult } from '../model/result.ts';
import type { FleetStatus, Story } from '../model/status.ts';
import type { Note } from '../model/verification.ts';
import type { Plan } from '../plan/plan.ts';
import type { PlainBuild } from './build-markdown.ts';
import type { GenerationRow } from './generations-text.ts';
import { missingIn, type WrittenIncident } from './incident-text.ts';
import { logObject } from './logs-text.ts';

// What programs are given: a document a kind, by --json as a whole, and as the last event of --json-stream.

/** A document as it is printed. */
export function documentText(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

export type Deploying = 'apply' | 'resume' | 'rollback';

/** What the document of a command that deploys has besides results. */
export interface DocumentMore {
  readonly plan?: Plan;
  /** Of the deployment. */
  readonly id?: string;
  /** What was committed and pushed. */
  readonly commit?: string;
  /** The commit that reverts what was rolled back. */
  readonly revertedBy?: string;
  /** The branch that has it and waits for somebody to merge it; absent: the branch of the fleet has it. */
  readonly revertBranch?: string;
  readonly declined?: boolean;
  /** What was fetched when it was done; none: it is left out. */
  readonly exports?: readonly ExportResult[];
}

/** How a deployment went. */
export function resultsDocument(
  kind: Deploying,
  results: readonly HypervisorResult[],
  { exports = [], ...more }: DocumentMore,
): object {
  const plain = results.map(({ failure, ...rest }) => ({
    ...rest,
    ...(failure && { failure: failureOf(failure) }),
  }));
  const fetched = exports.length > 0 && { exports: plainExports(exports) };
  return { kind, version: 1, ...more, results: plain, ...fetched };
}

/** The plan says its own version. */
export function planDocument(plan: Plan, built?: BuildResult): object {
  return { kind: 'plan', ...plan, ...(built && { build: plainBuild(built) }) };
}

/** What was built to see whether it can be. */
export function buildDocument(built: BuildResult): object {
  return { kind: 'build', version: 1, ...plainBuild(built) };
}

/** The same within a plan. */
export function plainBuild({ ok, machines, diagnostics }: BuildResult): PlainBuild {
  const plain = machines.map(({ failure, ...rest }) => ({
    ...rest,
    ...(failure && { failure: failureOf(failure) }),
  }));
  return { ok, machines: plain, diagnostics };
}

export function checksDocument(
  ok: boolean,
  checks: readonly CheckResult[],
  notes: readonly Note[],
): object {
  return { kind: 'verify', version: 1, ok, checks, notes };
}

export function statusDocument(status: FleetStatus): object {
  return { kind: 'status', version: 1, ...status };
}

export function storyDocument({ status, deployments, operations, events, lines }: Story): object {
  const { row, kind: about } = status;
  return {
    ...{ kind: 'story', version: 1, ok: row.standing !== 'wrong' && row.standing !== 'unknown' },
    ...{ [about]: row, deployments: deployments.map(pastDeployment) },
    ...{ operations: operations.map(pastOperation), events, lines },
  };
}

/** What an archive has and lacks. */
export function incidentDocument(incident: Incident, written: WrittenIncident): object {
  const { file, bytes, files } = written;
  return {
    ...{ kind: 'incident', version: 1, file, bytes },
    files: files.map(({ path }) => path),
    missing: missingIn(incident),
  };
}

export function doctorDocument(ok: boolean, examined: readonly Examined[]): object {
  return { kind: 'doctor', version: 1, ok, examined };
}

/** What `fleet gc` deleted; nothing where somebody said no. */
export function garbageDocument(gone: readonly GarbageOn[], declined = false): object {
  return {
    ...{ kind: 'gc', version: 1 },
    ...(declined && { declined }),
    hypervisors: gone.map(({ hypervisor, answer }) =>
      answer instanceof Error
        ? { hypervisor, error: (errorDocument(answer) as { error: object }).error }
        : { hypervisor, generations: answer.old, freedKiB: answer.freedKiB, paths: answer.paths },
    ),
  };
}

/** What nobody owned, and what became of it: nothing where somebody said no. */
export function cleanupDocument(
  found: readonly LeftoversOn[],
  cleaned: readonly CleanedOn[],
  declined = false,
): object {
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
        ...(failed
          ? { error: (errorDocument(failed) as { error: object }).error }
          : { gone: [], kept: [], ...became }),
      };
    }),
  };
}

export function validationDocument(valid: boolean, diagnostics: readonly Diagnostic[]): object {
  return { kind: 'validate', version: 1, valid, diagnostics };
}

/** @param unreachable hypervisors that could not be asked */
export function generationsDocument(
  generations: readonly GenerationRow[],
  unreachable: readonly string[],
): object {
  return { kind: 'generations', version: 1, unreachable, generations };
}

/** @param unreachable hypervisors that could not be asked */
export function historyDocument(
  entries: readonly HistoryEntry[],
  operations: readonly OperationEntry[],
  unreachable: readonly string[],
): object {
  return {
    kind: 'history',
    version: 1,
    unreachable,
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

/** What a machine said: the end of it, where it was more than is kept. */
export interface ExecOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly isCut: boolean;
}

/** How a command ended on machines. */
export function execDocument(
  results: readonly ExecResult[],
  outputOf: (machine: string) => ExecOutput,
): object {
  return {
    kind: 'exec',
    version: 1,
    machines: results.map(({ failure, ...rest }) => ({
      ...rest,
      ...(failure && { failure: failureOf(failure) }),
      ...outputOf(rest.name),
    })),
  };
}

/** Ports that are listened on here, for one name. */
export function forwardDocument(name: string, forwards: readonly object[]): object {
  return { kind: 'forward', version: 1, name, forwards };
}

/** The ssh host keys of a vm. */
export function hostKeysDocument(known: {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly keys: readonly object[];
}): object {
  return { kind: 'host-keys', version: 1, ...known };
}

/** How two generations differ. */
export function diffDocument(diff: GenerationDiff): object {
  return { kind: 'diff', version: 1, ...diff };
}

/** What was done to single vms. */
export function operationDocument(
  kind: OperationKind,
  results: readonly OperationResult[],
  {
    exports = [],
    ...more
  }: { readonly declined?: boolean; readonly exports?: readonly ExportResult[] } = {},
): object {
  const plain = results.map(({ failure, ...rest }) => ({
    ...rest,
    checks: rest.checks.map(plainCheck),
    ...(failure && { failure: failureOf(failure) }),
  }));
  const fetched = exports.length > 0 && { exports: plainExports(exports) };
  return { kind, version: 1, ...more, results: plain, ...fetched };
}

/** @param unreachable hypervisors whose lines are missing */
export function logsDocument(lines: readonly LogLine[], unreachable: readonly string[]): object {
  return { kind: 'logs', version: 1, unreachable, lines: lines.map(logObject) };
}

export function exportDocument(exports: readonly ExportResult[]): object {
  return { kind: 'export', version: 1, exports: plainExports(exports) };
}

/** What became of exports; what was exported is in no document. */
export const plainExports = (exports: readonly ExportResult[]): object[] =>
  exports.map(({ failure, ...rest }) => ({
    ...rest,
    ...(failure && { failure: failureOf(failure) }),
  }));

/** Whatever was thrown. */
export function errorDocument(thrown: unknown): object {
  const error =
    thrown instanceof FleetError
      ? {
          ...failureOf(thrown),
          ...(thrown instanceof ConfigError && { diagnostics: thrown.diagnostics }),
        }
      : { code: 'internal', message: String(thrown) };
  return { kind: 'error', version: 1, error };
}
