import { type ExportAfterInput, exportAfter } from '../app/export-after.ts';
import type { Ports } from '../app/ports.ts';
import type { ExportResult } from '../model/export-result.ts';
import type { HypervisorResult } from '../model/result.ts';
import { canAsk } from './ask.ts';
import type { Invocation } from './options.ts';

/** What was asked for by --export; else, at a terminal only, what those vms export that a deployment changed. */
export async function fetched(
  ports: Ports,
  { common, signal, tell }: Invocation,
  isAsked: boolean | undefined,
  what: Pick<ExportAfterInput, 'index' | 'of'>,
  results: readonly HypervisorResult[] = [],
): Promise<readonly ExportResult[]> {
  if (!isAsked && !canAsk()) return [];
  return exportAfter(ports, { where: common, ...what, results }, tell, signal);
}
