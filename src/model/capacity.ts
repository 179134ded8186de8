import type { Amounts, Capacity, Resource, VmState } from './fleet.ts';

/** What one vm asks of its hypervisor when it is as fleet.yaml says. */
export interface Demand extends Amounts {
  readonly name: string;
}

/** More is asked for than there is. */
export interface Shortage {
  readonly resource: Resource;
  readonly there: number;
  readonly reserve: number;
  readonly overcommit: number;
  /** What is there less the reserve, times the overcommitment. */
  readonly toGive: number;
  readonly asked: number;
  /** Of it, what is not for guests but for what runs them; the amount for each. */
  readonly perVm: number;
  /** Who asks for some of it, biggest first. */
  readonly by: readonly { readonly name: string; readonly amount: number }[];
}

/** A vm that is stopped keeps its disk and nothing else. @param perVm MiB that what runs a vm takes beside its memory */
export function demand(name: string, state: VmState, amounts: Amounts, perVm: number): Demand {
  return state === 'stopped'
    ? { name, vcpu: 0, memory: 0, disk: amounts.disk }
    : { name, ...amounts, memory: amounts.memory + perVm };
}

/** Where the vms ask for more than there is; `there`: what is known, the rest is not looked at. */
export function shortages(
  there: Partial<Amounts>,
  { reserve, overcommit, perVm }: Omit<Capacity, 'declared'>,
  vms: readonly Demand[],
): Shortage[] {
  return (['vcpu', 'memory', 'disk'] as const).flatMap((resource): Shortage[] => {
    const known = there[resource];
    if (known === undefined) return [];
    const rest = Math.max(0, known - reserve[resource]);
    // What can be asked for is whole; a product such as 0.29 × 100 is not quite.
    const toGive = Math.floor(rest * overcommit[resource] + 1e-6);
    const asked = vms.reduce((sum, vm) => sum + vm[resource], 0);
    if (asked <= toGive) return [];
    const by = vms
      .map((vm) => ({ name: vm.name, amount: vm[resource] }))
      .filter(({ amount }) => amount > 0)
      .sort((a, b) => b.amount - a.amount || (a.name < b.name ? -1 : 1));
    return [
      {
        resource,
        there: known,
        reserve: reserve[resource],
        overcommit: overcommit[resource],
        toGive,
        asked,
        perVm: resource === 'memory' ? perVm : 0,
        by,
      },
    ];
  });
}
