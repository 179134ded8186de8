import { relative } from 'node:path';
import { readFleet } from '../config/read-fleet.ts';
import {
  earlierGenerations,
  type Generation,
  type Generations,
} from '../host/answers/generations.ts';
import type { Host } from '../host/host.ts';
import { readClosureDiff } from '../host/hypervisor/look.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { GenerationDiff } from '../model/generation-diff.ts';
import { indexFleet } from '../model/index.ts';
import { systemName } from '../model/names.ts';
import type { PastDeployment } from '../model/past-deployment.ts';
import { fieldsBetween } from '../plan/changes.ts';
import { openRepo } from '../repo/open.ts';
import { known, readBoth } from './generations.ts';
import { looking } from './looking.ts';
import type { LocalPorts, Ports } from './ports.ts';
import { type Machine, machineOf } from './reach/machines.ts';
import { knownConfig } from './workspace/known-config.ts';
import { type Config, gitLimits } from './workspace/read-config.ts';
import type { Where } from './workspace/where.ts';

export interface DiffInput {
  readonly where: Where;
  /** Of a vm or a hypervisor. */
  readonly name: string;
  /** Numbers of generations; default: the one that a roll-back returns to, and the current one. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/**
 * How two generations differ: in fleet.yaml, in commits and in what they need.
 * @throws FleetError `diff.no-generation`, `diff.none-before`, `diff.collected`, `diff.failed`, `select.nothing`; as `knownConfig` and
 * `connect`; Interrupted
 */
export async function diff(
  ports: Ports,
  { where, name, from, to }: DiffInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<GenerationDiff> {
  return looking(ports, signal, async (ports) => {
    const config = await knownConfig(ports, where, emit);
    const machine = machineOf(config.index, name);
    const host = await ports.connector.connect(machine.hypervisor);
    const [generations, past] = await readBoth(host);
    return diffOf(ports, config, { machine, host, generations, past, from, to });
  });
}

/** Generations of one machine, of which two are compared; the numbers as in `DiffInput`. */
export interface Comparing {
  readonly machine: Machine;
  readonly host: Host;
  readonly generations: Generations;
  readonly past: readonly PastDeployment[];
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** @throws FleetError `diff.no-generation`, `diff.none-before`, `diff.collected`, `diff.failed` */
export async function diffOf(
  ports: LocalPorts,
  config: Config,
  { machine, host, generations, past, from, to }: Comparing,
): Promise<GenerationDiff> {
  const { name, hypervisor, vm } = machine;
  const target = vm ? name : systemName;
  const own = generations.all.filter((generation) => generation.name === target);
  const numbered = (number: number) =>
    own.find((one) => one.number === number) ?? none(name, number);
  const current = own.find((one) => one.current);
  const older = from === undefined ? earlierGenerations(generations, target)[0] : numbered(from);
  const newer = to === undefined ? current : numbered(to);
  if (!newer) throw none(name);
  if (!older) throw noneBefore(name);
  const two = [older, newer].map((one: Generation) => known(hypervisor.name, one, past));
  const [a, b] = two as [(typeof two)[0], (typeof two)[0]];
  const { sizes, lines } = await readClosureDiff(host, older.path, newer.path);
  const closure = { sizes, lines };
  const inGit = await knownToGit(ports, config, name, a.commit, b.commit);
  return { name, from: a, to: b, closure, ...inGit };
}

/** What git knows of it; nothing where a commit is not in this clone. */
async function knownToGit(
  ports: LocalPorts,
  { directory, config, index }: Config,
  name: string,
  from: string | undefined,
  to: string | undefined,
): Promise<Pick<GenerationDiff, 'commits' | 'fields' | 'takenBack'>> {
  if (from === undefined || to === undefined) return {};
  try {
    const repo = await openRepo(directory, ports.surroundings, gitLimits(index));
    const file = relative(repo.top, `${directory}/${config}`);
    const texts = await repo.textsIn(file, [from, to]);
    const [then, now] = [from, to].map((commit) => {
      const read = readFleet(texts.get(commit) ?? '', config);
      return 'fleet' in read ? indexFleet(read.fleet) : undefined;
    });
    const commits = await repo.commitsBetween(from, to);
    const takenBack = await repo.commitsBetween(to, from);
    return { commits, takenBack, ...(then && now && { fields: fieldsBetween(name, then, now) }) };
  } catch (error) {
    if (error instanceof FleetError) return {};
    throw error;
  }
}

const hint = (name: string) => `fleet rollback --list ${name}`;

function none(name: string, number?: number): never {
  const which = number === undefined ? 'current generation' : `generation ${number}`;
  throw new FleetError('diff.no-generation', `${name} has no ${which}`, {
    exitCode: exitCodes.usage,
    hint: hint(name),
  });
}

function noneBefore(name: string): FleetError {
  return new FleetError('diff.none-before', `${name} has no generation before this one`, {
    exitCode: exitCodes.usage,
    hint: hint(name),
  });
}
