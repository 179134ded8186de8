import { exportFiles } from '../app/export.ts';
import { documentText, exportDocument } from '../report/documents.ts';
import { exportEnv, exportText } from '../report/export-text.ts';
import { styleFor } from '../report/style.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';

export interface ExportOptions {
  readonly env?: boolean;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** `fleet export [NAME…]`: needs fleet.yaml and ssh, and neither git nor Nix. */
export async function exportCommand(
  { common, signal, tell }: Invocation,
  { env, overwrite = false, json }: ExportOptions,
  names: readonly string[],
): Promise<number> {
  const ports = await realPorts(common);
  const { results, exitCode } = await exportFiles(
    ports,
    { where: common, names, overwrite },
    tell,
    signal,
  );
  if (json) process.stdout.write(documentText(exportDocument(results)));
  else if (env) {
    const line = exportEnv(results);
    process.stderr.write(exportText(results, styleFor(process.stderr)));
    process.stdout.write(line);
    if (line === '') process.stderr.write('None of it is a kubeconfig: there is nothing to set.\n');
  } else process.stdout.write(exportText(results, styleFor(process.stdout)));
  return exitCode;
}
