import { archivePath, writeArchive } from '../app/incident/archive.ts';
import { incident } from '../app/incident.ts';
import { exitCodes } from '../model/errors.ts';
import { documentText, incidentDocument } from '../report/documents.ts';
import { incidentFiles } from '../report/incident-files.ts';
import { incidentText, missingIn } from '../report/incident-text.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';

export interface IncidentOptions {
  readonly output?: string;
  readonly json?: boolean;
}

/** `fleet incident NAME… [-o FILE] [--json]`: one archive of all that is known. Exit 1 when something is missing in it. */
export async function incidentCommand(
  { common, signal, tell }: Invocation,
  { output, json }: IncidentOptions,
  names: readonly string[],
): Promise<number> {
  const ports = await realPorts(common, { isAsking: true });
  const file = archivePath(ports, names, output);
  const found = await incident(ports, { where: common, names }, tell, signal);
  const files = incidentFiles(found);
  const written = { file, files, bytes: writeArchive(file, files, found.at) };
  process.stdout.write(
    json ? documentText(incidentDocument(found, written)) : incidentText(found, written),
  );
  return missingIn(found).length > 0 ? exitCodes.failed : exitCodes.ok;
}
