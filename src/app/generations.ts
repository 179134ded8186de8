import { join, relative } from 'node:path';
import { readFleet } from '../config/read-fleet.ts';
import { askAll, connectAll } from '../deploy/connect-all.ts';
import type { Generation, Generations } from '../host/answers/generations.ts';
import type { Host } from '../host/host.ts';
import { readGenerations, readHistory } from '../host/hypervisor/look.ts';
import { FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { FieldDifference } from '../model/generation-diff.ts';
import { type FleetIndex, indexFleet } from '../model/index.ts';
import { targetName } from '../model/names.ts';
import {
  broughtBy,
  failedOn,
  type Outcome,
  outcomeOf,
  type PastDeployment,
} from '../model/past-deployment.ts';
import { fieldsBetween } from '../plan/changes.ts';
import { openRepo } from '../repo/open.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { hypervisorOf } from './rollback.ts';
import { sayUnknownState } from './unknown-state.ts';
import { knownConfig } from './workspace/known-config.ts';
import { type Config, gitLimits } from './workspace/read-config.ts';
import type { Where } from './workspace/where.ts';

export interface GenerationsInput {
  readonly where: Where;
  /** Vms and hypervisors; none: all. */
  readonly names: readonly string[];
}

/** Why it failed, as far as it was written down. */
export interface FailedDeployment {
  readonly deployment: string;
  readonly why: string | undefined;
}

/** A generation to which a vm or hypervisor, `name`, can return. */
export interface KnownGeneration extends Generation {
  readonly hypervisor: string;
  /** The deployment that brought it, and its commit, while the hypervisor remembers them. */
  readonly deployment?: string | undefined;
  readonly commit?: string | undefined;
  /** Who deployed it. */
  readonly operator?: string | undefined;
  /** What became of it, while the hypervisor remembers that. */
  readonly outcome?: Outcome | undefined;
  /** Deployments that began on it and failed, the oldest first. */
  readonly failed?: readonly FailedDeployment[];
  /** Numbers of older ones that are the same. */
  readonly same?: readonly number[];
  /** Of the commit, where this clone has it. */
  readonly subject?: string;
  /** How fleet.yaml differs from that of the one before; absent: unknown. */
  readonly changes?: readonly FieldDifference[];
}

export interface KnownGenerations {
  readonly rows: readonly KnownGeneration[];
  /** Hypervisors that did not answer. */
  readonly silent: readonly { readonly hypervisor: string; readonly error: Error }[];
}

/** What can be rolled back to. @throws FleetError `rollback.unknown`; as `knownConfig`; Interrupted */
export async function generations(
  ports: Ports,
  { where, names }: GenerationsInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<KnownGenerations> {
  return looking(ports, signal, async (ports) => {
    const config = await knownConfig(ports, where, emit);
    const { index } = config;
    const wanted = new Set(names.map((name) => hypervisorOf(index, name)));
    const contacts = await connectAll(
      index.fleet.hypervisors.filter((h) => wanted.size === 0 || wanted.has(h.name)),
      ports,
    );
    sayUnknownState(contacts, emit);
    const answers = await askAll(contacts, readBoth);
    const rows = answers.flatMap(({ hypervisor: { name: hypervisor }, answer }) => {
      if (answer instanceof Error) return [];
      const [{ all }, past] = answer;
      return folded(all.map((generation) => known(hypervisor, generation, past)));
    });
    const own = rows.filter(({ name }) => names.length === 0 || names.includes(name));
    return {
      rows: await withGit(ports, config, own),
      silent: answers.flatMap(({ hypervisor, answer }) =>
        answer instanceof Error ? [{ hypervisor: hypervisor.name, error: answer }] : [],
      ),
    };
  });
}

/** A history that is gone or unreadable only leaves out where a generation came from. */
export const readBoth = (host: Host): Promise<[Generations, readonly PastDeployment[]]> =>
  Promise.all([readGenerations(host), readHistory(host).catch(() => [])]);

/** A generation with what brought it. */
export function known(
  hypervisor: string,
  generation: Generation,
  past: readonly PastDeployment[],
): KnownGeneration {
  const name = targetName(generation.name, hypervisor);
  const by = broughtBy(past, generation.name, generation.path);
  const failed = failedOn(past, generation.name, generation.path);
  return {
    ...generation,
    name,
    hypervisor,
    deployment: by?.id,
    commit: by?.commit,
    operator: by?.operator,
    outcome: outcomeOf(past, generation.name, generation.path),
    ...(failed.length > 0 && {
      failed: failed.map(({ id, failure }) => ({ deployment: id, why: failure?.message })),
    }),
  };
}

/** Generations that follow one another and are the same are one row: the current one, or the youngest. */
function folded(rows: readonly KnownGeneration[]): KnownGeneration[] {
  const result: KnownGeneration[] = [];
  for (const row of rows) {
    const last = result.at(-1);
    const isSame = last?.name === row.name && last.path === row.path;
    if (!isSame || last.number === undefined || row.number === undefined) result.push(row);
    else {
      const [shown, other] = last.current ? [last, row] : [row, last];
      const same = [...(last.same ?? []), other.number as number];
      result[result.length - 1] = { ...shown, same: same.sort((a, b) => a - b) };
    }
  }
  return result;
}

/** With what this clone knows of their commits; without git, or a commit, less is said. */
async function withGit(
  ports: Ports,
  { directory, config, index }: Config,
  rows: readonly KnownGeneration[],
): Promise<readonly KnownGeneration[]> {
  const commits = [...new Set(rows.flatMap(({ commit }) => commit ?? []))];
  if (commits.length === 0) return rows;
  try {
    const repo = await openRepo(directory, ports.surroundings, gitLimits(index));
    const file = relative(repo.top, join(directory, config));
    const [subjects, texts] = await Promise.all([
      repo.subjects(commits),
      repo.textsIn(file, commits),
    ]);
    const fleets = new Map<string, FleetIndex>();
    for (const [commit, text] of texts) {
      const read = readFleet(text, config);
      if ('fleet' in read) fleets.set(commit, indexFleet(read.fleet));
    }
    return rows.map((row, i) => {
      const subject = subjects.get(row.commit ?? '');
      const now = fleets.get(row.commit ?? '');
      const older = rows[i - 1];
      const then = older?.name === row.name ? fleets.get(older.commit ?? '') : undefined;
      const changes = now && then && fieldsBetween(row.name, then, now);
      return { ...row, ...(subject !== undefined && { subject }), ...(changes && { changes }) };
    });
  } catch (error) {
    if (error instanceof FleetError) return rows;
    throw error;
  }
}
