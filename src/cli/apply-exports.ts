import { exportAfter } from '../app/export-after.ts';
import type { Ports } from '../app/ports.ts';
import type { Survey } from '../app/survey/survey.ts';
import type { ExportResult } from '../model/export-result.ts';
import type { HypervisorResult } from '../model/result.ts';
import type { ApplyOptions } from './apply-options.ts';
import { canAsk } from './ask.ts';
import type { Invocation } from './options.ts';

/** With --export what all vms export; else, at a terminal only, what those do that were changed. */
export async function fetched(
  ports: Ports,
  { common, signal, tell }: Invocation,
  planned: Survey,
  { export: isAll, on }: ApplyOptions,
  results: readonly HypervisorResult[] = [],
): Promise<readonly ExportResult[]> {
  if (!isAll && !canAsk()) return [];
  const of = isAll ? { on } : 'changed';
  return exportAfter(ports, { where: common, planned, of, results }, tell, signal);
}
