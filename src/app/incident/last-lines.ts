import type { Host } from '../../host/host.ts';
import { openLogs, type WantedLogs } from '../../host/hypervisor/logs.ts';
import { FleetError } from '../../model/errors.ts';
import { byTime, type LogLine } from '../../model/log-line.ts';
import { systemName } from '../../model/names.ts';
import { lineOf } from '../logs/whose.ts';

/** Characters that are kept of them, the last ones; ms that reading them may take. */
const most = { characters: 1024 * 1024, ms: 30_000 };
/** What a line takes besides its text: a hypervisor may tell of any number of empty ones. */
const each = 64;

/**
 * The last lines of a vm, or of the hypervisor itself, over a connection that stays open.
 * @throws FleetError as openLogs; `ssh.timed-out`
 */
export async function lastLines(
  host: Host,
  vm: string | undefined,
  wanted: Pick<WantedLogs, 'deployment' | 'lines' | 'until'>,
): Promise<readonly LogLine[]> {
  const names = {
    ...{ hypervisor: host.name, unit: undefined, isOwn: vm === undefined },
    vms: new Set(vm === undefined ? [] : [vm]),
  };
  const targets = [{ name: vm ?? systemName, unit: undefined }];
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), most.ms);
  const lines: LogLine[] = [];
  let characters = 0;
  try {
    for await (const entry of openLogs(host, { ...wanted, follow: false, targets }, late.signal)) {
      const line = 'cursor' in entry ? lineOf(entry, names) : undefined;
      if (!line) continue;
      lines.push(line);
      characters += line.text.length + each;
      while (characters > most.characters)
        characters -= (lines.shift()?.text.length ?? characters) + each;
    }
  } catch (error) {
    if (!late.signal.aborted) throw error;
    throw new FleetError(
      'ssh.timed-out',
      `${host.name}: its journal was not read within ${most.ms / 1000} s`,
      { hint: `fleet logs ${vm ?? host.name} -n 100 has less to read.` },
    );
  } finally {
    clearTimeout(timer);
  }
  return lines.sort(byTime);
}
