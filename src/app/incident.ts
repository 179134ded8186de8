import type { Answer } from '../deploy/connect-all.ts';
import { inParallel } from '../deploy/parallel.ts';
import {
  earlierGenerations,
  type Generations,
  noGenerations,
} from '../host/answers/generations.ts';
import type { HostParts } from '../host/answers/incident.ts';
import type { Host } from '../host/host.ts';
import {
  type Past,
  readGenerations,
  readHostParts,
  readPast,
  readStory,
} from '../host/hypervisor/look.ts';
import { FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Hypervisor } from '../model/fleet.ts';
import type { Incident, IncidentMachine, IncidentOn, Missing } from '../model/incident.ts';
import type { FleetIndex } from '../model/index.ts';
import type { LogLine } from '../model/log-line.ts';
import { systemName } from '../model/names.ts';
import { broughtBy } from '../model/past-deployment.ts';
import type { FleetStatus, UnitStory } from '../model/status.ts';
import { drift } from '../plan/drift.ts';
import type { Look } from '../plan/finding.ts';
import { heedStops } from '../plan/held-stops.ts';
import { byStanding } from '../plan/status.ts';
import { diffOf } from './diff.ts';
import { known } from './generations.ts';
import { lastLines } from './incident/last-lines.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { type Machine, machinesOf } from './reach/machines.ts';
import { look, rowsOf, withHead, withSubjects } from './status.ts';
import { deploymentsAbout, storyOf, unitsOf } from './status-story.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Config } from './workspace/read-config.ts';
import type { Where } from './workspace/where.ts';

export interface IncidentInput {
  readonly where: Where;
  /** Vms and hypervisors; `web*`, `@tag`. A hypervisor is itself alone. */
  readonly names: readonly string[];
}

/** Hypervisors at a time, and machines of each. */
const atOnce = { hypervisors: 64, machines: 2 };
/** Deployments that are told of each. */
const most = 3;
/** Lines that are read of each. */
const lines = { log: 1000, before: 300, deployment: 300 };

/**
 * Everything that is known of these vms and hypervisors. Changes nothing. What cannot be read is missing, and said to be.
 * @throws FleetError `select.nothing`; as `knownConfig`; Interrupted
 */
export async function incident(
  ports: Ports,
  { where, names }: IncidentInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<Incident> {
  return looking(ports, signal, async (ports) => {
    const config = await knownConfig(ports, where, emit);
    const { index } = config;
    const machines = machinesOf(index, names.join(','));
    const groups = [...Map.groupBy(machines, ({ hypervisor }) => hypervisor)];
    const found = await inParallel(groups, atOnce.hypervisors, ([hypervisor, here]) =>
      gather(ports, config, hypervisor, here),
    );
    const all = await withSubjects(ports, config, {
      hypervisors: found.map(({ rows }) => rows.hypervisor),
      vms: found.flatMap(({ rows }) => rows.vms),
    });
    const status: FleetStatus = {
      fleet: index.fleet.name,
      ok: ![...all.hypervisors, ...all.vms].some(({ standing }) => standing === 'wrong'),
      hypervisors: byStanding(all.hypervisors),
      vms: byStanding(all.vms),
    };
    return { at: ports.clock.now(), index, status, hypervisors: found.map(({ on }) => on) };
  });
}

const nothingPast: Past = { deployments: [], operations: [] };

/** Reads something; where that fails it is missing. @returns why, then */
type Take = <T>(part: string, work: () => Promise<T>) => Promise<T | FleetError>;

/** All of one hypervisor, over one connection. */
async function gather(
  ports: Ports,
  config: Config,
  hypervisor: Hypervisor,
  wanted: readonly Machine[],
): Promise<{ readonly rows: ReturnType<typeof rowsOf>; readonly on: IncidentOn }> {
  const { index } = config;
  const missing: Missing[] = [];
  const take: Take = async (part, work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      missing.push({ part, why: error.message });
      return error;
    }
  };
  const host = await take('everything', () => ports.connector.connect(hypervisor));
  const isSilent = host instanceof Error;
  // An sshd opens ten sessions on a connection; checks of fleet.yaml may need four.
  const [seen, past, own, generations] = isSilent
    ? [host, nothingPast, noParts, noGenerations]
    : await Promise.all([
        take('status', () => look(index, hypervisor, host, ports.clock)),
        take('history', () => readPast(host)).then(or(nothingPast)),
        take('network and units', () => readHostParts(host)).then(or(noParts)),
        take('generations', () => readGenerations(host)).then(or(noGenerations)),
      ]);
  const answer = { hypervisor, answer: seen };
  const about = { config, take, answer, past, generations };
  const [journal, machines] = await Promise.all([
    isSilent ? [] : take('journal', () => lastLines(host, undefined, { lines: lines.log })),
    inParallel(wanted, atOnce.machines, (machine) =>
      ofMachine(ports, isSilent ? undefined : host, machine, about),
    ),
  ]);
  if (!isSilent) host.close();
  missing.push(...own.missing.map(({ part, why }) => ({ part: `${part}: part of it`, why })));
  const [withGit = answer] = await withHead(ports, config, [answer]);
  return {
    rows: rowsOf(index, withGit),
    on: {
      ...{ hypervisor, machines, missing, parts: own.parts },
      journal: or<readonly LogLine[]>([])(journal),
      drift: seen instanceof Error ? [] : driftOf(index, hypervisor, seen),
      ...(!(seen instanceof Error) && { facts: seen.facts }),
    },
  };
}

const noParts: HostParts = { parts: new Map(), missing: [] };

const or =
  <T>(other: T) =>
  (answer: T | FleetError): T =>
    answer instanceof Error ? other : answer;

function driftOf(of: FleetIndex, { name }: Hypervisor, { facts, probed }: Look) {
  const index = heedStops(of, new Map([[name, facts]]));
  return drift(index, name, facts, probed).map(({ target, message }) => ({ target, message }));
}

/** What is known of a hypervisor before its machines are looked into. */
interface About {
  readonly config: Config;
  readonly take: Take;
  readonly answer: Answer<Look>;
  readonly past: Past;
  readonly generations: Generations;
}

async function ofMachine(
  ports: Ports,
  host: Host | undefined,
  machine: Machine,
  { config, take, answer, past, generations }: About,
): Promise<IncidentMachine> {
  const { name, hypervisor, vm } = machine;
  const target = vm ? name : systemName;
  const current = generations.all.find((one) => one.name === target && one.current);
  const brought = current && broughtBy(past.deployments, target, current.path);
  const read = (part: string, wanted: Parameters<typeof lastLines>[2]) =>
    host
      ? take(`${part} of ${name}`, () => lastLines(host, vm && name, wanted)).then(or(noLines))
      : noLines;
  const [said, log, logBefore] = await Promise.all([
    host
      ? take(`units of ${name}`, () => readStory(host, unitsOf(vm && name))).then(or(nothingSaid))
      : nothingSaid,
    read('log', { lines: lines.log }),
    brought ? read('earlier log', { lines: lines.before, until: brought.started }) : noLines,
  ]);
  const last = deploymentsAbout(past.deployments, vm && name)
    .slice(-most)
    .reverse();
  const open = answer.answer instanceof Error ? [] : answer.answer.facts.open;
  const deployments = await inParallel(last, 2, async (deployment) => {
    const log = await read(`log during ${deployment.id}`, {
      ...{ lines: lines.deployment, deployment: deployment.id },
    });
    const atWork = open.find(({ id }) => id === deployment.id);
    return { hypervisor: hypervisor.name, deployment, log, ...(atWork && { open: atWork }) };
  });
  const [before] = earlierGenerations(generations, target);
  const comparing = { machine, generations, past: past.deployments };
  const diff =
    host && current && before
      ? await take(`diff of ${name}`, () => diffOf(ports, config, { ...comparing, host }))
      : undefined;
  return {
    ...{ name, log, logBefore, deployments },
    ...(vm && { vm }),
    story: await storyOf(ports, config, { name, vm, answer, past, said }),
    ...(before && { before: known(hypervisor.name, before, past.deployments) }),
    ...(diff && !(diff instanceof Error) && { diff }),
  };
}

const noLines: readonly LogLine[] = [];
const nothingSaid: UnitStory = {
  ...{ events: [], happened: [], lines: [], ends: [], dumps: [], cores: [] },
};
