import { type NamesIn, namesIn } from '../config/names-in.ts';
import { readWithin } from '../repo/work-tree.ts';
import type { LocalPorts } from './ports.ts';
import { locateConfig } from './workspace/read-config.ts';
import type { Where } from './workspace/where.ts';

export type { NamesIn };

/** The names in fleet.yaml, however wrong the rest of it may be; none where there is none to be read. */
export function names(ports: Pick<LocalPorts, 'cwd' | 'surroundings'>, where: Where): NamesIn {
  try {
    const { directory, config } = locateConfig(ports, where);
    return namesIn(readWithin(directory, config) ?? '');
  } catch {
    return namesIn('');
  }
}
