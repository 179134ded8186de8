import { askAll, connectAll } from '../deploy/connect-all.ts';
import type { Generation } from '../host/generations.ts';
import { readGenerations } from '../host/hypervisor/look.ts';
import type { Emit } from '../model/events.ts';
import { systemName } from '../model/names.ts';
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

/** A generation that one can return to; its name is the vm's or the hypervisor's. */
export interface KnownGeneration extends Generation {
  readonly hypervisor: string;
  readonly kind: 'hypervisor' | 'vm';
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
    const known = await askAll(contacts, (host) => readGenerations(host));
    const rows = known.flatMap(({ hypervisor: { name: hypervisor }, answer }) =>
      answer instanceof Error
        ? []
        : answer.all.map((generation): KnownGeneration => {
            const name = generation.name === systemName ? hypervisor : generation.name;
            const kind = index.hypervisors.has(name) ? 'hypervisor' : 'vm';
            return { ...generation, name, hypervisor, kind };
          }),
    );
    return {
      rows: rows.filter(({ name }) => names.length === 0 || names.includes(name)),
      silent: known.flatMap(({ hypervisor, answer }) =>
        answer instanceof Error ? [{ hypervisor: hypervisor.name, error: answer }] : [],
      ),
    };
  });
}
