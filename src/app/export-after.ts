import type { Emit } from '../model/events.ts';
import type { ExportResult } from '../model/export-result.ts';
import { isExporting } from '../model/guest-keys.ts';
import type { FleetIndex } from '../model/index.ts';
import type { HypervisorResult } from '../model/result.ts';
import type { Plan } from '../plan/plan.ts';
import { select } from '../plan/selectors.ts';
import { exportFiles } from './export.ts';
import type { Ports } from './ports.ts';
import type { Where } from './workspace/where.ts';

export interface ExportAfterInput {
  readonly where: Where;
  readonly index: FleetIndex;
  /** Of whom: of all vms that a selector says, or of those that the deployment changed. */
  readonly of: { readonly on: string | undefined } | { readonly changed: ReadonlySet<string> };
  /** What became of hypervisors; those that are not listed had nothing to do. */
  readonly results?: readonly HypervisorResult[];
}

/** What a plan changes, by name. */
export const changedBy = (plan: Plan): ReadonlySet<string> =>
  new Set(plan.hypervisors.flatMap((h) => h.actions.map(({ target }) => target)));

/** Fetches exports when a deployment is done. One that cannot be had changes nothing about the deployment: it is a warning. */
export async function exportAfter(
  ports: Ports,
  { where, index: { fleet }, of, results = [] }: ExportAfterInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<readonly ExportResult[]> {
  const wanted = 'changed' in of ? of.changed : select(fleet, of.on).targets;
  const failed = new Set(results.filter((r) => r.outcome !== 'done').map((r) => r.hypervisor));
  const names = fleet.vms
    .filter((vm) => isExporting(vm) && vm.state === 'running')
    .filter((vm) => wanted.has(vm.name) && !failed.has(vm.on))
    .map(({ name }) => name);
  if (names.length === 0) return [];
  try {
    return (await exportFiles(ports, { where, names }, emit, signal)).results;
  } catch (error) {
    const text = `what vms export was not fetched: ${(error as Error).message}; try fleet export`;
    emit({ type: 'warning', text });
    return [];
  }
}
