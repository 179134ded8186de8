import type { Facts } from '../model/facts.ts';
import { systemName } from '../model/names.ts';

/** The facts that a saved plan depends on: not those that change by themselves, such as answers, ages or free space. */
export interface FactsGist {
  /** Name of the fleet that deployed here last. */
  readonly fleet: string | null;
  readonly system: string | null;
  readonly profile: string | null;
  readonly commit: string | null;
  /** Number of files in the checkout that differ from its commit. */
  readonly dirty: number;
  readonly deployed: string | null;
  readonly held: boolean;
  readonly vms: Readonly<Record<string, VmGist>>;
}

export interface VmGist {
  /** Whether its state directory exists. */
  readonly there: boolean;
  readonly current: string | null;
  readonly booted: string | null;
  readonly active: boolean;
  readonly deployed: string | null;
  readonly held: boolean;
}

export function gistOf(facts: Facts): FactsGist {
  const names = new Set([...facts.vms.keys(), ...facts.deployed.keys(), ...facts.held.keys()]);
  names.delete(systemName);
  const about = (name: string) => ({
    deployed: facts.deployed.get(name)?.path ?? null,
    held: facts.held.has(name),
  });
  return {
    fleet: facts.fleet ?? null,
    system: facts.currentSystem ?? null,
    profile: facts.systemProfile ?? null,
    commit: facts.checkout?.commit ?? null,
    dirty: facts.checkout?.dirty ?? 0,
    ...about(systemName),
    vms: Object.fromEntries(
      [...names].sort().map((name): [string, VmGist] => {
        const vm = facts.vms.get(name);
        return [
          name,
          {
            there: vm !== undefined,
            current: vm?.current ?? null,
            booted: vm?.booted ?? null,
            active: vm?.unit.active === 'active',
            ...about(name),
          },
        ];
      }),
    ),
  };
}
