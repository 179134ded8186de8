import { Numbering } from '../../host/answers/events.ts';
import type { Host } from '../../host/host.ts';
import { openEvents, type SpoolMark, type WantedEvents } from '../../host/hypervisor/events.ts';
import { isLost, isRefusal } from '../../host/lost.ts';
import { FleetError } from '../../model/errors.ts';
import type { Emit } from '../../model/events.ts';
import type { Hypervisor } from '../../model/fleet.ts';
import type { FleetSpoolEvent, SpoolEvent } from '../../model/spool-event.ts';
import type { Ports } from '../ports.ts';

/** Ms within which a hypervisor has to have told what there is. */
const limit = 60_000;
/** Ms between two tries to connect anew: at first, and at most. */
const pauses = { first: 1000, longest: 15_000 };
/** Events that are asked for where only some of the last are meant. */
const most = 50_000;

export interface SpoolReading {
  readonly hypervisor: Hypervisor;
  /** The last so many that are meant; one more is told where there is one. */
  readonly count: number;
  readonly since: number | undefined;
  readonly follow: boolean;
  readonly isMeant: (event: FleetSpoolEvent) => boolean;
}

export interface SpoolListener {
  /** The last events there are, once. */
  last(events: readonly FleetSpoolEvent[]): Promise<void>;
  /** What happens from then on. */
  event(event: FleetSpoolEvent): Promise<void>;
}

/**
 * Reads the spool of one hypervisor; one that is followed for as long as nobody aborts. A connection that is lost then is
 * made anew, and goes on behind the last event.
 * @throws FleetError as openEvents; of connecting, the first time or when it is refused
 */
export async function readSpool(
  { connector, clock }: Ports,
  reading: SpoolReading,
  to: SpoolListener,
  emit: Emit,
  signal: AbortSignal,
): Promise<void> {
  const { hypervisor, since, follow } = reading;
  const say = (text: string) => emit({ type: 'note', hypervisor: hypervisor.name, text });
  const numbering = new Numbering();
  const kept: FleetSpoolEvent[] = [];
  let isLive = false;
  let isDamaged = false;
  const hear = async (told: SpoolEvent | SpoolMark) => {
    if ('gone' in told) numbering.gone();
    else if ('damaged' in told) {
      if (!isDamaged) say('a line of its spool is damaged; its event is missing');
      isDamaged = true;
    } else if ('live' in told) {
      if (told.live !== undefined) numbering.skip(told.live);
      if (isLive) say('connected again; what happened meanwhile was shown');
      else await to.last(kept.splice(0));
      isLive = true;
    } else {
      for (const event of numbering.next(told)) {
        const found = { hypervisor: hypervisor.name, ...event };
        if (!reading.isMeant(found)) continue;
        if (isLive) await to.event(found);
        else if (kept.push(found) > reading.count + 1) kept.shift();
      }
    }
  };
  let pause = pauses.first;
  let isTold = false;
  for (;;) {
    let begun = clock.now();
    try {
      const host = await connector.connect(hypervisor);
      begun = clock.now();
      isTold = false;
      const { cursor } = numbering;
      const count = cursor === undefined ? most : 0;
      await read(host, { cursor, since, count, follow }, hear, signal);
      if (!follow) return;
    } catch (error) {
      if (signal.aborted || !isLive || !mayPass(error)) throw error;
    }
    if (clock.now() - begun > pauses.longest) pause = pauses.first;
    if (!isTold) say('connection lost; connecting again');
    isTold = true;
    await clock.sleep(pause);
    pause = Math.min(2 * pause, pauses.longest);
    if (signal.aborted) return;
  }
}

const mayPass = (error: unknown): boolean =>
  (isLost(error) && !isRefusal(error)) ||
  (error instanceof FleetError && error.code === 'remote.failed');

/** One connection, to its end. */
async function read(
  host: Host,
  wanted: WantedEvents,
  hear: (told: SpoolEvent | SpoolMark) => Promise<void>,
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
    for await (const told of openEvents(host, wanted, either)) {
      if ('live' in told) clearTimeout(timer);
      await hear(told);
    }
  } catch (error) {
    throw isLate ? tooLong(host.name) : error;
  } finally {
    clearTimeout(timer);
    host.close();
  }
}

const tooLong = (name: string) =>
  new FleetError('ssh.timed-out', `${name}: its events were not read within ${limit / 1000} s`, {
    hint: 'A later --since has less to read.',
  });
