import type { Vm } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import type { OperationKind, OperationResult } from '../model/operation-result.ts';
import { neededBy } from '../model/order.ts';

/** Of each vm those whose turn comes before its own. */
export type Before = ReadonlyMap<Vm, readonly Vm[]>;

/**
 * What a vm depends on comes before it, and where vms stop after it: also through others that are not among them.
 * @param vms in the order of their dependencies
 */
export function beforeEach(index: FleetIndex, vms: readonly Vm[], kind: OperationKind): Before {
  const chosen = new Map(vms.map((vm) => [vm.name, vm]));
  const before = new Map(vms.map((vm) => [vm, [] as Vm[]]));
  for (const vm of vms) {
    for (const name of neededBy(index.vms, vm)) {
      const other = chosen.get(name);
      if (!other) continue;
      if (kind === 'stop') before.get(other)?.push(vm);
      else before.get(vm)?.push(other);
    }
  }
  return before;
}

/** Vms that are worked on together. */
export interface Stage {
  /** They restart onto what was built for them, as a deployment. */
  readonly isWaiting: boolean;
  readonly vms: readonly Vm[];
}

/**
 * A deployment and operations on single vms exclude each other, so vms go by turns: first those that wait for a restart
 * and need no other to go first, then others, and so on.
 * @param vms each behind those before it
 */
export function stagesOf(
  vms: readonly Vm[],
  before: Before,
  isWaiting: (vm: Vm) => boolean,
): Stage[] {
  const stages: Stage[] = [];
  let left = new Set(vms);
  for (let waiting = true; left.size > 0; waiting = !waiting) {
    const later = new Set<Vm>();
    for (const vm of left) {
      if (isWaiting(vm) !== waiting || before.get(vm)?.some((other) => later.has(other)))
        later.add(vm);
    }
    const now = [...left].filter((vm) => !later.has(vm));
    if (now.length > 0) stages.push({ isWaiting: waiting, vms: now });
    left = later;
  }
  return stages;
}

/** Why a vm is not touched: one whose turn was before it has failed. */
export function hinderedBy(
  vm: Vm,
  before: Before,
  results: ReadonlyMap<string, OperationResult>,
  kind: OperationKind,
): string | undefined {
  for (const { name } of before.get(vm) ?? []) {
    const outcome = results.get(name)?.outcome;
    if (outcome !== 'failed' && outcome !== 'locked') continue;
    const which = kind === 'stop' ? 'which needs it' : 'which it needs';
    return `${name}, ${which}, ${outcome === 'failed' ? 'failed' : 'is locked'}`;
  }
  return undefined;
}
