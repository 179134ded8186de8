import { exportFiles } from '../app/export.ts';
import type { Ports } from '../app/ports.ts';
import type { Survey } from '../app/survey/survey.ts';
import type { ExportResult } from '../model/export-result.ts';
import { isExporting } from '../model/guest-keys.ts';
import type { HypervisorResult } from '../model/result.ts';
import { select } from '../plan/selectors.ts';
import { canAsk } from './ask.ts';
import type { Invocation } from './options.ts';

/**
 * What apply fetches when it is done: with --export what all vms export that it was about; else, at a terminal only,
 * what those export that it changed. A file that cannot be had changes nothing about the deployment.
 */
export async function exportAfter(
  ports: Ports,
  { common, signal, tell }: Invocation,
  { plan, workspace }: Survey,
  options: { readonly export?: boolean; readonly on?: string },
  results: readonly HypervisorResult[] = [],
): Promise<readonly ExportResult[]> {
  if (!options.export && !canAsk()) return [];
  const { fleet } = workspace.index;
  const wanted = options.export
    ? select(fleet, options.on).targets
    : new Set(plan.hypervisors.flatMap((h) => h.actions.map(({ target }) => target)));
  const failed = new Set(results.filter((r) => r.outcome !== 'done').map((r) => r.hypervisor));
  const names = fleet.vms
    .filter((vm) => isExporting(vm) && vm.state === 'running')
    .filter((vm) => wanted.has(vm.name) && !failed.has(vm.on))
    .map(({ name }) => name);
  if (names.length === 0) return [];
  try {
    return (await exportFiles(ports, { where: common, names }, tell, signal)).results;
  } catch (error) {
    const text = `what vms export was not fetched: ${(error as Error).message}; try fleet export`;
    tell({ type: 'warning', text });
    return [];
  }
}
