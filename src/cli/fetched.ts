import { exportAfter } from '../app/export-after.ts';
import type { Ports } from '../app/ports.ts';
import type { ExportResult } from '../model/export-result.ts';
import type { FleetIndex } from '../model/index.ts';
import type { HypervisorResult } from '../model/result.ts';
import { canAsk } from './ask.ts';
import type { Invocation } from './options.ts';

/** With --export what all vms export; else, at a terminal only, what those do that a deployment changed. */
export async function fetched(
  ports: Ports,
  { common, signal, tell }: Invocation,
  { export: isAll, on }: { readonly export?: boolean; readonly on?: string },
  { index, changed }: { readonly index: FleetIndex; readonly changed: ReadonlySet<string> },
  results: readonly HypervisorResult[] = [],
): Promise<readonly ExportResult[]> {
  if (!isAll && !canAsk()) return [];
  const of = isAll ? { on } : { changed };
  return exportAfter(ports, { where: common, index, of, results }, tell, signal);
}
