import type { JournalEntry } from '../../host/answers/journal.ts';
import type { Host } from '../../host/host.ts';
import { type Cut, type Live, openLogs, type WantedLogs } from '../../host/hypervisor/logs.ts';
import { isLost, isRefusal } from '../../host/lost.ts';
import { FleetError } from '../../model/errors.ts';
import type { Emit } from '../../model/events.ts';
import type { Hypervisor } from '../../model/fleet.ts';
import type { LogLine } from '../../model/log-line.ts';
import type { Ports } from '../ports.ts';
import { lineOf, type WantedNames } from './whose.ts';

/** Ms within which a hypervisor has to have told its last lines. */
const limit = 60_000;
/** Ms between two tries to connect anew: at first, and at most. */
const pauses = { first: 1000, longest: 15_000 };

/** Where lines go. A reader that is slow is waited for, and so is the journal then. */
export interface Listener {
  /** The last lines there are, in no order, once. */
  last(lines: readonly LogLine[]): Promise<void>;
  /** What is written from then on. */
  line(line: LogLine): Promise<void>;
}

export interface Reading {
  readonly hypervisor: Hypervisor;
  readonly wanted: Omit<WantedLogs, 'cursor'>;
  readonly names: WantedNames;
}

/**
 * Reads the journal of one hypervisor; one that is followed for as long as nobody aborts. A connection that is lost then
 * is made anew, and goes on behind the last line.
 * @throws FleetError as openLogs; of connecting, the first time or when it is refused
 */
export async function readJournal(
  { connector, clock }: Ports,
  { hypervisor, wanted, names }: Reading,
  to: Listener,
  emit: Emit,
  signal: AbortSignal,
): Promise<void> {
  const place = new Place();
  const lines: LogLine[] = [];
  let isLive = false;
  let heard = 0;
  const most = (wanted.lines + 1) * wanted.targets.length;
  const hear = async (entry: JournalEntry | Live | Cut) => {
    if (!(isLive || 'live' in entry)) heard += 1;
    if (heard > most) throw tooMuch(hypervisor, most);
    if ('cut' in entry) {
      say(emit, hypervisor, 'only the last 50 000 lines of its journal were looked through');
      return;
    }
    if ('live' in entry) {
      place.begins(entry.live);
      if (isLive) say(emit, hypervisor, 'connected again; what was written meanwhile follows');
      else await to.last(lines.splice(0));
      isLive = true;
      return;
    }
    if (!place.isNew(entry, isLive)) return;
    const line = lineOf(entry, names);
    if (!line) return;
    if (isLive) await to.line(line);
    else lines.push(line);
  };
  let pause = pauses.first;
  let isTold = false;
  for (;;) {
    let since = clock.now();
    try {
      const host = await connector.connect(hypervisor);
      since = clock.now();
      isTold = false;
      await read(host, { ...wanted, cursor: place.cursor }, hear, signal);
      if (!wanted.follow) return await to.last(lines);
    } catch (error) {
      if (signal.aborted || !isLive || !mayPass(error)) throw error;
    }
    if (clock.now() - since > pauses.longest) pause = pauses.first;
    if (!isTold) say(emit, hypervisor, 'connection lost; connecting again');
    isTold = true;
    await clock.sleep(pause);
    pause = Math.min(2 * pause, pauses.longest);
    if (signal.aborted) return;
  }
}

/** A journalctl that was ended there, too: somebody restarted something. */
const mayPass = (error: unknown): boolean =>
  (isLost(error) && !isRefusal(error)) ||
  (error instanceof FleetError && error.code === 'remote.failed');

const say = (emit: Emit, { name }: Hypervisor, text: string) =>
  emit({ type: 'note', hypervisor: name, text });

/** One connection, to its end. */
async function read(
  host: Host,
  wanted: WantedLogs,
  hear: (entry: JournalEntry | Live | Cut) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop.abort();
  }, limit);
  try {
    const either = AbortSignal.any([signal, stop.signal]);
    for await (const entry of openLogs(host, wanted, either)) {
      if ('live' in entry) clearTimeout(timer);
      await hear(entry);
    }
  } catch (error) {
    throw isLate ? tooLong(host.name) : error;
  } finally {
    clearTimeout(timer);
    host.close();
  }
}

const tooMuch = ({ name }: Hypervisor, most: number) =>
  new FleetError(
    'remote.too-much',
    `${name}: it gave more than the last ${most} lines that were asked for`,
    {
      hint: 'Check that machine: its reply is not what this script prints.',
    },
  );

const tooLong = (name: string) =>
  new FleetError('ssh.timed-out', `${name}: its journal was not read within ${limit / 1000} s`, {
    hint: 'A smaller -n, or a later --since, has less to read.',
  });

/** How far a journal was read: some entries are given twice. */
class Place {
  cursor: string | undefined;
  #isLive = false;
  #told = new Set<string>();

  begins(cursor: string): void {
    // What was told before the first time may come once more; a later one begins behind it.
    if (this.#isLive) this.#told = new Set();
    this.#isLive = true;
    if (cursor === '') return;
    this.cursor = cursor;
    this.#told.add(cursor);
  }

  isNew({ cursor }: JournalEntry, isLive: boolean): boolean {
    if (this.#told.has(cursor)) return false;
    if (isLive) this.cursor = cursor;
    else this.#told.add(cursor);
    return true;
  }
}
