import { askAll, connectAll } from '../deploy/connect-all.ts';
import type { Generation, Generations } from '../host/answers/generations.ts';
import type { Host } from '../host/host.ts';
import { readGenerations, readHistory } from '../host/hypervisor/look.ts';
import type { Emit } from '../model/events.ts';
import { systemName } from '../model/names.ts';
import { broughtBy, type PastDeployment } from '../model/past-deployment.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { hypervisorOf } from './rollback.ts';
import { sayUnknownState } from './unknown-state.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface GenerationsInput {
  readonly where: Where;
  /** Vms and hypervisors; none: all. */
  readonly names: readonly string[];
}

/** A generation to which a vm or hypervisor, `name`, can return. */
export interface KnownGeneration extends Generation {
  readonly hypervisor: string;
  /** The deployment that brought it, and its commit, while the hypervisor remembers them. */
  readonly deployment?: string | undefined;
  readonly commit?: string | undefined;
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
    const { index } = await knownConfig(ports, where, emit);
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
      return all.map((generation) => known(hypervisor, generation, past));
    });
    return {
      rows: rows.filter(({ name }) => names.length === 0 || names.includes(name)),
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
  const name = generation.name === systemName ? hypervisor : generation.name;
  const by = broughtBy(past, generation.name, generation.path);
  return { ...generation, name, hypervisor, deployment: by?.id, commit: by?.commit };
}
