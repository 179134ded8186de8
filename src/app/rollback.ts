import { chooseGenerations, type Numbers, type Returns } from '../deploy/choose-generations.ts';
import { type Answer, askAll, type Contact, connectAll } from '../deploy/connect-all.ts';
import { declaredBy, returning } from '../deploy/rollback.ts';
import { exitCodeOf } from '../deploy/rollout.ts';
import type { Generations } from '../host/answers/generations.ts';
import type { Host } from '../host/host.ts';
import { readGenerations } from '../host/hypervisor/look.ts';
import { type ExitCode, exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Facts } from '../model/facts.ts';
import type { FleetIndex } from '../model/index.ts';
import { meant } from '../model/meant.ts';
import { systemName, targetName } from '../model/names.ts';
import type { ChosenReturn, HypervisorResult } from '../model/result.ts';
import { heedStops } from '../plan/held-stops.ts';
import { carryOut } from './deploy.ts';
import { looking } from './looking.ts';
import { newDeployment } from './new-deployment.ts';
import type { Ports } from './ports.ts';
import { sayUnknownState } from './unknown-state.ts';
import { unlocked } from './unlocked.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface RollbackInput {
  readonly where: Where;
  /** Vms and hypervisors; at least one. */
  readonly names: readonly string[];
  /** Name → the generation; default: the previous one that fits. */
  readonly numbers?: Numbers;
  /** Ms to wait for whoever is deploying there. Default: 0. */
  readonly lockTimeout?: number;
}

/** What will be rolled back, and to what: to show, then to carry out. Its connections are open. */
export interface ChosenRollback {
  readonly returns: readonly ChosenReturn[];
  readonly index: FleetIndex;
  readonly work: readonly Work[];
  readonly lockTimeout: number;
  close(): void;
}

/** The part of one hypervisor. */
interface Work {
  readonly contact: Contact;
  readonly host: Host;
  readonly generations: Generations;
  readonly returns: Returns;
}

/**
 * Chooses what to return to, once nobody is deploying there. The result is the token for `rollback`; the caller closes
 * it. Needs fleet.yaml and ssh, but no git, no Nix and no working build.
 * @throws FleetError `rollback.*`, `lock.held`; as `knownConfig`, and of a hypervisor that does not answer; Interrupted
 */
export async function chooseRollback(
  ports: Ports,
  { where, names, numbers = new Map(), lockTimeout = 0 }: RollbackInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<ChosenRollback> {
  const choose = async (ports: Ports): Promise<ChosenRollback> => {
    emit({ type: 'phase', phase: 'survey' });
    const { index } = await knownConfig(ports, where, emit);
    const targets = locate(index, names);
    const until = ports.clock.now() + lockTimeout;
    const all = await connectAll(
      index.fleet.hypervisors.filter((h) => targets.has(h.name)),
      ports,
    );
    sayUnknownState(all, emit);
    const contacts = await unlocked(all, ports.clock, until, emit, signal);
    const known = await askAll(contacts, (host) => readGenerations(host));
    const lost = known.find(({ answer }) => answer instanceof Error);
    if (lost) throw lost.answer;
    const work = workOf(targets, contacts, known, numbers);
    const close = () => {
      for (const { host } of work) host.close();
    };
    // One whose stop is held gets the generation, and stays stopped.
    const heeded = heedStops(index, new Map(contacts.map((c) => [c.hypervisor.name, c.facts])));
    return { returns: work.flatMap(returnsOf), index: heeded, work, lockTimeout, close };
  };
  return looking(ports, signal, choose, true);
}

export interface RolledBack {
  readonly id: string;
  readonly results: readonly HypervisorResult[];
  readonly exitCode: ExitCode;
}

/**
 * Carries out the chosen roll-back. When asked to stop, it finishes the step in hand and undoes what it changed.
 * @throws when no hypervisor was changed
 */
export async function rollback(
  ports: Ports,
  { index, lockTimeout, work, id }: ChosenRollback & { readonly id?: string },
  emit: Emit,
  signal: AbortSignal,
): Promise<RolledBack> {
  const deployment = newDeployment(ports, 'rollback', id);
  const results = await carryOut({
    deployment,
    index,
    members: work.map(({ contact, host, returns }) => ({
      hypervisor: contact.hypervisor.name,
      host,
      facts: contact.facts as Facts,
      vms: [...returns.keys()].filter((name) => name !== systemName),
    })),
    canary: new Set(),
    // Each was named by a person: one that fails is no reason to leave the others on what they are to leave.
    onFailure: 'revert-hypervisor',
    ports,
    emit,
    signal,
    lockTimeout,
    plan: async () =>
      new Map(
        work.map(({ contact, returns, generations }) => [
          contact.hypervisor.name,
          returning(returns, generations, deployment.operator),
        ]),
      ),
  });
  return { id: deployment.id, results, exitCode: exitCodeOf(results) };
}

/** Sorts the names by hypervisor: hypervisor → targets there. */
function locate(index: FleetIndex, names: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const name of names) {
    const hypervisor = hypervisorOf(index, name);
    const targets = found.get(hypervisor) ?? new Set();
    found.set(hypervisor, targets.add(name === hypervisor ? systemName : name));
  }
  return found;
}

/** The hypervisor that runs the vm of this name, or has the name itself. @throws FleetError `rollback.unknown` */
export function hypervisorOf(index: FleetIndex, name: string): string {
  const hypervisor = index.hypervisors.has(name) ? name : index.vms.get(name)?.on;
  if (hypervisor) return hypervisor;
  throw new FleetError('rollback.unknown', `fleet.yaml has no vm or hypervisor called ${name}`, {
    exitCode: exitCodes.usage,
    hint: meant(name, index.fleet, ['vms', 'hypervisors']),
  });
}

function workOf(
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
  contacts: readonly Contact[],
  known: readonly Answer<Generations>[],
  numbers: Numbers,
): Work[] {
  return contacts.map((contact, i): Work => {
    const hypervisor = contact.hypervisor.name;
    const generations = known[i]?.answer as Generations;
    const own = new Map(
      [...numbers].map(([name, n]) => [name === hypervisor ? systemName : name, n] as const),
    );
    const returns = chooseGenerations(
      { hypervisor, generations, facts: contact.facts as Facts, numbers: own },
      [...(wanted.get(hypervisor) ?? [])],
    );
    return { contact, host: contact.host as Host, generations, returns };
  });
}

function returnsOf({ contact, generations, returns }: Work): ChosenReturn[] {
  return [...returns].map(([name, { number, path, since }]) => ({
    name: targetName(name, contact.hypervisor.name),
    number,
    path,
    since,
    restarts: restarts(contact, returns, generations, name),
  }));
}

/** Guests that restart though nobody named them. */
function restarts(
  { facts }: Contact,
  returns: Returns,
  generations: Generations,
  name: string,
): readonly string[] {
  const system = returns.get(name);
  if (name !== systemName || !system || facts instanceof Error) return [];
  return declaredBy(system, generations).filter(
    (vm) => !returns.has(vm) && facts.vms.get(vm)?.unit.active === 'active',
  );
}
