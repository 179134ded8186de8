import { plainText } from '../../model/plain-text.ts';
import type { SpoolEvent } from '../../model/spool-event.ts';
import { isPlace, parseSpoolEvent } from '../answers/events.ts';
import { Unreadable } from '../answers/shape.ts';
import type { Host } from '../host.ts';
import { answering } from '../scripts.ts';
import { failureOf } from './call.ts';
import { greeted } from './greeting.ts';
import { linesOf } from './lines.ts';

/** Which events of a hypervisor are wanted. */
export interface WantedEvents {
  /** What is behind it (EPOCH:SEQ). */
  readonly cursor?: string | undefined;
  /** Seconds since the epoch: without a cursor, what happened since. */
  readonly since?: number | undefined;
  /** The last so many at most; 0: all. */
  readonly count: number;
  /** Goes on with what happens from now on. */
  readonly follow: boolean;
}

/**
 * `live`: all there were were told, up to that cursor; `gone`: the place of the cursor is not there any more;
 * `damaged`: a line is none. Its event is missing then, and the numbers show it.
 */
export type SpoolMark =
  | { readonly live: string | undefined }
  | { readonly gone: true }
  | { readonly damaged: true };

const complaints = 16 * 1024;

/**
 * What the spool of a hypervisor has, oldest first, until it ends or `signal` is aborted.
 * @throws FleetError `events.*`, as Host.open and its `exit`
 */
export async function* openEvents(
  host: Host,
  { cursor, since, count, follow }: WantedEvents,
  signal: AbortSignal,
): AsyncGenerator<SpoolEvent | SpoolMark, void> {
  const at = since === undefined ? '-' : String(Math.max(0, Math.floor(since)));
  const args = [follow ? 'follow' : 'once', cursor ?? '-', at, String(count)];
  const running = await host.open(answering('events'), args, { stdin: '', signal });
  let said = '';
  running.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-complaints);
  });
  let isGreeted = false;
  try {
    for await (const line of linesOf(running.stdout, 8192, 'the spool')) {
      if (!isGreeted) greeted(host, 'events', plainText(line));
      else if (line.startsWith('{')) yield eventOf(line);
      else if (line === 'gone') yield { gone: true };
      else if (line !== 'alive') yield liveOf(line);
      isGreeted = true;
    }
  } catch (error) {
    throw error instanceof Unreadable ? error.of(host.name) : error;
  }
  const { code } = await running.exit;
  if (code !== 0) throw failureOf(host, 'events', { code, stdout: '', stderr: said });
  if (!isGreeted) greeted(host, 'events', '');
}

function eventOf(line: string): SpoolEvent | SpoolMark {
  try {
    return parseSpoolEvent(line);
  } catch (error) {
    if (error instanceof Unreadable) return { damaged: true };
    throw error;
  }
}

function liveOf(line: string): SpoolMark {
  const [word, live = ''] = line.split(' ');
  if (word === 'live' && live === '-') return { live: undefined };
  if (word === 'live' && isPlace(live)) return { live };
  throw new Unreadable('events.unreadable', line, 'it is no line of the spool');
}
