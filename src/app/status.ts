import { type Answer, askEach } from '../deploy/connect-all.ts';
import { guestAddresses } from '../deploy/context.ts';
import { probeAll } from '../deploy/probes.ts';
import type { Host } from '../host/host.ts';
import { readStatus } from '../host/hypervisor/look.ts';
import { FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Hypervisor } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import type { FleetStatus, HypervisorStatus, Origin, VmStatus } from '../model/status.ts';
import type { Clock } from '../model/time.ts';
import type { Look } from '../plan/finding.ts';
import { unreverted } from '../plan/hypervisor-status.ts';
import { select, selectNamed } from '../plan/selectors.ts';
import { byStanding, silent, statusOf } from '../plan/status.ts';
import { openRepo } from '../repo/open.ts';
import { looking } from './looking.ts';
import type { LocalPorts, Ports } from './ports.ts';
import { knownConfig } from './workspace/known-config.ts';
import { type Config, gitLimits } from './workspace/read-config.ts';
import type { Where } from './workspace/where.ts';

export interface StatusInput {
  readonly where: Where;
  /** Selectors; none: all. */
  readonly names: readonly string[];
}

/**
 * How the fleet is, the worst first: one round trip to each hypervisor, and the checks of fleet.yaml. Changes nothing.
 * @throws ConfigError; FleetError for the repository, fleet.yaml and the selector; Interrupted
 */
export async function status(
  ports: Ports,
  { where, names }: StatusInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<FleetStatus> {
  return looking(ports, signal, async (ports) => {
    const config = await knownConfig(ports, where, emit);
    const { index } = config;
    const { hypervisors, targets } =
      names.length === 0 ? select(index.fleet, undefined) : selectNamed(index.fleet, names);
    const wanted = index.fleet.hypervisors.filter(({ name }) => hypervisors.has(name));
    const answers = await askEach(wanted, ports, (host, hypervisor) =>
      look(index, hypervisor, host, ports.clock, (vm) => targets.has(vm)),
    );
    const rows = (await withHead(ports, config, answers)).map((answer) => rowsOf(index, answer));
    const all = await withSubjects(ports, config, {
      hypervisors: rows.map((r) => r.hypervisor).filter((r) => targets.has(r.name) || !r.reachable),
      vms: rows.flatMap((r) => r.vms).filter((r) => targets.has(r.name)),
    });
    const shown = { hypervisors: byStanding(all.hypervisors), vms: byStanding(all.vms) };
    const isWrong = [...shown.hypervisors, ...shown.vms].some((r) => r.standing === 'wrong');
    return { fleet: index.fleet.name, ok: !isWrong, ...shown };
  });
}

/** One round trip, and then the checks of fleet.yaml for wanted guests that have some. */
export async function look(
  index: FleetIndex,
  hypervisor: Hypervisor,
  host: Host,
  clock: Clock,
  isWanted?: (vm: string) => boolean,
): Promise<Look> {
  const addresses = guestAddresses(index, hypervisor.name);
  const { facts, figures } = await readStatus(host, hypervisor, addresses);
  const at = clock.now() / 1000;
  const probed = await probeAll(index, hypervisor.name, host, facts, isWanted);
  return { facts, figures, at, probed };
}

/** What git here knows of commits that failed. Without git it is as if they were still the branch's. */
export async function withHead(
  ports: LocalPorts,
  { directory, index }: Pick<Config, 'directory' | 'index'>,
  answers: readonly Answer<Look>[],
): Promise<readonly Answer<Look>[]> {
  const commits = answers.flatMap(({ answer }) => {
    const range = answer instanceof Error ? undefined : unreverted(answer.figures);
    return range ? [range.good, range.bad] : [];
  });
  if (commits.length === 0) return answers;
  try {
    const repo = await openRepo(directory, ports.surroundings, gitLimits(index));
    const head = await repo.head();
    if (head === undefined) return answers;
    const trees = await repo.treesOf([head, ...commits]);
    const atHead = new Map([...trees].map(([one, tree]) => [one, tree === trees.get(head)]));
    return answers.map((one) =>
      one.answer instanceof Error ? one : { ...one, answer: { ...one.answer, atHead } },
    );
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return answers;
  }
}

/** The row of a hypervisor and those of its vms. */
export function rowsOf(index: FleetIndex, { hypervisor, answer }: Answer<Look>) {
  if (!(answer instanceof Error)) return statusOf(index, hypervisor, answer);
  const { code, message, hint } =
    answer instanceof FleetError ? answer : { code: 'internal', message: String(answer) };
  return silent(index, hypervisor, { code, message, ...(hint !== undefined && { hint }) });
}

interface Rows {
  readonly hypervisors: readonly HypervisorStatus[];
  readonly vms: readonly VmStatus[];
}

/** What git here knows of the commits that run. Without git nothing of it is missed. */
export async function withSubjects(
  ports: LocalPorts,
  { directory, index }: Pick<Config, 'directory' | 'index'>,
  { hypervisors, vms }: Rows,
): Promise<Rows> {
  const commits = [...hypervisors, ...vms].flatMap(({ origin }) => origin?.commit ?? []);
  try {
    const repo = await openRepo(directory, ports.surroundings, gitLimits(index));
    const [subjects, head] = await Promise.all([repo.subjects(commits), repo.head()]);
    const named = <T extends { readonly origin?: Origin }>(row: T): T => {
      const subject = subjects.get(row.origin?.commit ?? '');
      return row.origin && subject !== undefined
        ? { ...row, origin: { ...row.origin, subject } }
        : row;
    };
    const behind = new Map<string, number>();
    if (head !== undefined)
      for (const { origin } of hypervisors) {
        if (!origin || behind.has(origin.commit) || !subjects.has(origin.commit)) continue;
        const isSame = origin.commit === head;
        const lacks = isSame ? [] : await repo.commitsBetween(origin.commit, head);
        behind.set(origin.commit, lacks.length);
      }
    return {
      vms: vms.map(named),
      hypervisors: hypervisors.map(named).map((row) => {
        const lacks = behind.get(row.origin?.commit ?? '');
        return lacks === undefined ? row : { ...row, behind: lacks };
      }),
    };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return { hypervisors, vms };
  }
}
