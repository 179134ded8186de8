import { createHash } from 'node:crypto';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Facts } from '../model/facts.ts';
import { type FactsGist, gistOf } from './facts-gist.ts';
import type { Plan } from './plan.ts';

/** What `plan --out` writes and `apply FILE` reads: a plan, and everything that must not have changed to carry it out. */
export interface PlanFile {
  readonly kind: 'fleet-plan';
  readonly version: 1;
  readonly fleet: string;
  /** ISO 8601, UTC. */
  readonly made: string;
  /** `--on`, as it was written; null: everything. */
  readonly on: string | null;
  /** Names in `--release`. */
  readonly release: readonly string[];
  /** Commit of HEAD at the desk. */
  readonly head: string | null;
  /** Path of the fleet file. */
  readonly config: string;
  /** The fleet file, rendered files and flake.lock: path → SHA-256. */
  readonly files: Readonly<Record<string, string>>;
  /** Hypervisors whose facts were read. */
  readonly hypervisors: Readonly<Record<string, FactsGist>>;
  readonly plan: Plan;
}

/** Desk and hypervisors at one moment. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly on: string | undefined;
  readonly release: ReadonlySet<string>;
  readonly head: string | undefined;
  /** Path of the fleet file, one of `files`. */
  readonly config: string;
  /** The fleet file, rendered files and flake.lock: path → text. */
  readonly files: ReadonlyMap<string, string>;
  readonly facts: ReadonlyMap<string, Facts | Error>;
  readonly plan: Plan;
}

export function planFile(moment: Moment): PlanFile {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  return {
    kind: 'fleet-plan',
    version: 1,
    fleet: moment.plan.fleet,
    made: new Date(moment.now).toISOString(),
    on: moment.on ?? null,
    release: [...moment.release].sort(),
    head: moment.head ?? null,
    config: moment.config,
    files: Object.fromEntries([...moment.files].map(([path, text]) => [path, digest(text)])),
    hypervisors: Object.fromEntries(
      [...moment.facts].flatMap(([name, facts]) =>
        facts instanceof Error ? [] : [[name, gistOf(facts)]],
      ),
    ),
    plan: moment.plan,
  };
}

export function formatPlanFile(file: PlanFile): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * Reads what `formatPlanFile` wrote.
 * @param name what the user calls it
 * @throws FleetError `plan.not-a-plan`: something else, incomplete, or of another version. Exit 64.
 */
export function parsePlanFile(text: string, name: string = 'this file'): PlanFile {
  const hint = '`fleet plan --out FILE` writes one.';
  const refuse = (why: string) =>
    new FleetError('plan.not-a-plan', `${name} ${why}`, { exitCode: exitCodes.usage, hint });
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw refuse('is not a saved plan');
  }
  if (!isObject(data) || data.kind !== 'fleet-plan') throw refuse('is not a saved plan');
  if (data.version !== 1) {
    throw refuse(`was saved by another version of fleet (format ${data.version}, not 1)`);
  }
  if (!isPlanFile(data)) throw refuse('is a saved plan that was damaged');
  return data;
}

function isPlanFile(data: Record<string, unknown>): data is Record<string, unknown> & PlanFile {
  const { plan } = data;
  return (
    ['fleet', 'made', 'config'].every((key) => typeof data[key] === 'string') &&
    ['on', 'head'].every((key) => data[key] === null || typeof data[key] === 'string') &&
    isListOf(data.release, (name) => typeof name === 'string') &&
    isObject(data.files) &&
    isObject(data.hypervisors) &&
    Object.values(data.hypervisors).every(
      (gist) => isObject(gist) && isObject(gist.vms) && Object.values(gist.vms).every(isObject),
    ) &&
    isObject(plan) &&
    plan.version === 1 &&
    isListOf(plan.files, isObject) &&
    isListOf(plan.warnings, (warning) => typeof warning === 'string') &&
    isListOf(plan.hypervisors, isHypervisorPlan)
  );
}

function isHypervisorPlan(data: unknown): boolean {
  return (
    isObject(data) &&
    typeof data.name === 'string' &&
    isListOf(data.actions, isObject) &&
    isListOf(data.drift, isObject) &&
    isListOf(data.problems, (problem) => typeof problem === 'string')
  );
}

function isObject(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

function isListOf(data: unknown, is: (item: unknown) => boolean): boolean {
  return Array.isArray(data) && data.every(is);
}
