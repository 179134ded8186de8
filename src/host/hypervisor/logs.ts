import type { LogUnit } from '../../model/log-line.ts';
import { plainText } from '../../model/plain-text.ts';
import { isCursor, type JournalEntry, parseEntry } from '../answers/journal.ts';
import { Unreadable } from '../answers/shape.ts';
import type { Host } from '../host.ts';
import { answering } from '../scripts.ts';
import { failureOf } from './call.ts';
import { greeted } from './greeting.ts';
import { linesOf } from './lines.ts';

/** What of a journal is wanted. */
export interface WantedLogs {
  /** Of each, the last so many lines. */
  readonly lines: number;
  /** Seconds since the epoch. */
  readonly since?: number | undefined;
  /** The same: nothing that was said later. */
  readonly until?: number | undefined;
  /** Only what was said during it: an id, or the beginning of one. */
  readonly deployment?: string | undefined;
  /** Goes on with what is written from now on. */
  readonly follow: boolean;
  /** As an entry had it: from there on, without the last lines before it. */
  readonly cursor?: string | undefined;
  /** Vms, or `systemName`; of each this part, or all that is said about it. */
  readonly targets: readonly { readonly name: string; readonly unit: LogUnit | undefined }[];
}

/** From here on it is what is written now; where that begins. */
export interface Live {
  readonly live: string;
}

/** There may be more of the hypervisor's own lines: only the last of its journal were looked through. */
export interface Cut {
  readonly cut: true;
}

/** Characters of a line of the script's: one of 48 KiB, as journald has them at most, is longer as bytes. */
const longest = 1024 * 1024;
/** Characters that are kept of what it says on standard error. */
const complaints = 16 * 1024;

/**
 * What the journal of a hypervisor has, in the order in which the script finds it, until it ends or `signal` is aborted.
 * @throws FleetError `logs.*`, as Host.open and its `exit`
 */
export async function* openLogs(
  host: Host,
  wanted: WantedLogs,
  signal: AbortSignal,
): AsyncGenerator<JournalEntry | Live | Cut, void> {
  const { lines, since, until, deployment, cursor, follow, targets } = wanted;
  const args = [String(lines)];
  for (const at of [since, until]) args.push(at === undefined ? '-' : String(Math.floor(at)));
  args.push(deployment ?? '-', cursor ?? '-', follow ? 'follow' : 'once');
  args.push(...targets.flatMap(({ name, unit = 'all' }) => [name, unit]));
  const running = await host.open(answering('logs'), args, { stdin: '', signal });
  let said = '';
  running.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-complaints);
  });
  let isGreeted = false;
  try {
    for await (const line of linesOf(running.stdout, longest, 'the journal')) {
      if (!isGreeted) greeted(host, 'logs', plainText(line));
      else if (line.startsWith('{')) yield parseEntry(line);
      else yield line === 'cut' ? { cut: true } : liveOf(line);
      isGreeted = true;
    }
  } catch (error) {
    throw error instanceof Unreadable ? error.of(host.name) : error;
  }
  const { code } = await running.exit;
  if (code !== 0) throw failureOf(host, 'logs', { code, stdout: '', stderr: said });
  if (!isGreeted) greeted(host, 'logs', '');
}

function liveOf(line: string): Live {
  const [word, live = ''] = line.split('\t');
  if (word !== 'live' || !(live === '' || isCursor(live)))
    throw new Unreadable('logs.unreadable', line, 'it is no line of the journal');
  return { live };
}
