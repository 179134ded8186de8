import type { JournalEntry } from '../../host/answers/journal.ts';
import { guestUnits } from '../../model/guest-units.ts';
import type { LogLine, LogUnit } from '../../model/log-line.ts';

/** What is wanted of one hypervisor. */
export interface WantedNames {
  readonly hypervisor: string;
  readonly vms: ReadonlySet<string>;
  /** Whether its own lines are wanted. */
  readonly isOwn: boolean;
  readonly unit: LogUnit | undefined;
}

/** An entry as a line of whom it is about; undefined: of nobody that was asked for. */
export function lineOf(entry: JournalEntry, wanted: WantedNames): LogLine | undefined {
  const { unit, isAbout, isOutput, at, by, priority, text } = entry;
  const { hypervisor } = wanted;
  const line = { hypervisor, at, by, priority, text };
  const [, template = '', vm = ''] = /^([a-z-]+)@([a-z0-9-]+)\.service$/.exec(unit) ?? [];
  const kind = Object.hasOwn(guestUnits, template) ? guestUnits[template] : undefined;
  const isConsole = template === 'microvm' && isOutput;
  if (kind !== undefined && wanted.vms.has(vm)) {
    // The unit as a whole has its output, too.
    const isMeant =
      wanted.unit === undefined ||
      wanted.unit === (isConsole ? 'console' : kind) ||
      wanted.unit === kind;
    return isMeant ? { ...line, name: vm, unit: isConsole ? 'console' : kind } : undefined;
  }
  // What guests print would drown the rest; what systemd says of them is the hypervisor's.
  if (!wanted.isOwn || (unit.startsWith('microvm') && !isAbout)) return undefined;
  const own = unit.startsWith('fleet-') ? 'fleet' : 'system';
  return wanted.unit === undefined || wanted.unit === own
    ? { ...line, name: hypervisor, unit: own }
    : undefined;
}
