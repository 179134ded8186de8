import type { Incident } from '../model/incident.ts';
import { formatSize } from '../model/units.ts';
import { wrap } from './wrap.ts';

/** What was written. */
export interface WrittenIncident {
  readonly file: string;
  readonly bytes: number;
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

/** What is not in it, by hypervisor. */
export const missingIn = ({ hypervisors }: Incident) =>
  hypervisors.flatMap(({ hypervisor: { name }, missing }) =>
    missing.map(({ part, why }) => ({ hypervisor: name, part, why })),
  );

export function incidentText(incident: Incident, { file, bytes, files }: WrittenIncident): string {
  const kib = Math.ceil(bytes / 1024);
  const size = kib < 1024 ? `${kib} KiB` : formatSize(Math.ceil(kib / 1024));
  const lines = [
    file,
    `  ${files.length} files, ${size}, for you alone to read. README.txt in it begins with what is`,
    '  wrong, and has the commands to type where fleet is not.',
    '  What looks like a secret was taken out. What guests printed is in it: read it',
    '  before you give it away.',
  ];
  for (const parts of Map.groupBy(missingIn(incident), (one) => `${one.hypervisor}: ${one.why}`)) {
    const [why, all] = parts;
    const what = all.map(({ part }) => part).join(', ');
    lines.push(`  missing: ${wrap(`${what}; ${why}`, 4)}`);
  }
  return `${lines.join('\n')}\n`;
}
