import type { FleetSpoolEvent, SpoolEvent, SpoolKind, SpoolValue } from '../model/spool-event.ts';
import type { SpoolEventDocument } from './json/looking.ts';
import type { Style } from './style.ts';
import { wrap } from './wrap.ts';

/** A name that takes more pushes its line out of the column. */
const longest = 20;

/**
 * Makes lines of a listing: time (UTC), whom it is about, what happened. Names stand in one column, as wide as those that
 * came so far need.
 * @param width columns, where lines are to be broken
 */
export function eventsText(
  style: Style,
  width?: number,
): (events: readonly FleetSpoolEvent[]) => string {
  let column = 0;
  return (events) => {
    for (const event of events) column = Math.min(longest, Math.max(column, who(event).length));
    return events
      .map((event) => {
        const text = sentence(event);
        const at = 20 + Math.max(column, who(event).length) + 1;
        const lines = width === undefined ? text : wrap(text, at, width);
        const colour = colourOf(event.kind);
        const time = isoTime(event.at).slice(0, 19).replace('T', ' ');
        return `${style('dim', time)} ${style('bold', who(event).padEnd(column))} ${colour ? style(colour, lines) : lines}\n`;
      })
      .join('');
  };
}

const who = ({ vm, hypervisor }: FleetSpoolEvent): string => vm ?? hypervisor;

/** What a person has to look at, and what was put right. */
function colourOf(kind: string): 'red' | 'yellow' | 'green' | undefined {
  if (/^guest\.failed|^alert\.firing|^spool\.(gap|fork)|^memory\.short/.test(kind)) return 'red';
  if (/\.(unhealthy|broken|found|paused|shed|lost|held|way-back)$/.test(kind)) return 'yellow';
  if (/\.(healthy|ready|repaired|resolved|back|enough|gone)$/.test(kind)) return 'green';
  return undefined;
}

type Fields = FleetSpoolEvent['fields'];

/** What comes first of each kind; undefined: its name says it. Which fields it has used is not said again. */
const phrases: Partial<Record<SpoolKind, string | ((fields: Fields) => [string, ...string[]])>> = {
  'spool.epoch': ({ why }) => [
    why === 'no-counter'
      ? 'events are counted anew, as after each boot'
      : why === 'first'
        ? 'the first event'
        : why === 'cut'
          ? 'events are counted anew: the last line was cut off'
          : 'events are counted anew: the last ones are not those that were written last',
    'why',
  ],
  'spool.mended': 'a line of the spool that was cut off was ended',
  'spool.gap': ({ after, missing }) => [
    `${missing === undefined ? 'events' : `${missing} ${missing === 1 ? 'event' : 'events'}`} missing here (after ${after})`,
    'after',
    'missing',
  ],
  'spool.fork':
    'the spool had this event before, and said something else: was an older one put back?',
  'host.booted': 'booted',
  'guest.started': 'started',
  'guest.ready': 'is ready',
  'guest.ended': ({ who: by, intended }) => [
    `ended${typeof by === 'string' ? ` by ${by}` : ''}${intended === true ? ', as intended' : ''}`,
    ...['who', 'intended'],
  ],
  'guest.again': ({ in: seconds, attempt }) => [
    `starts again${typeof seconds === 'number' ? ` in ${span(seconds)}` : ''}${attempt === undefined ? '' : `, attempt ${attempt}`}`,
    ...['in', 'attempt'],
  ],
  'guest.failed': 'failed, and is left alone',
  'guest.unhealthy': 'is unhealthy',
  'guest.healthy': 'is healthy again',
  'guest.restarted': 'was restarted',
  'guest.held': 'is held back',
  'guest.paused': 'is paused',
  'guest.dumped': 'its memory was dumped',
  'guest.shed': 'was stopped to free memory',
  'helper.ended': ({ unit }) => [`${unit ?? 'a helper'} ended`, 'unit'],
  'network.broken': ({ what }) => [`network broken: ${what ?? '?'}`, 'what'],
  'network.repaired': ({ what }) => [`network repaired: ${what ?? '?'}`, 'what'],
  'deployment.began': ({ operation, id, operator }) => [
    `${operation ?? 'deployment'} ${id} began${by(operator)}`,
    ...['operation', 'id', 'operator'],
  ],
  'deployment.locked': ({ operation, id }) => [
    `${operation ?? 'deployment'} ${id} changes things from here on`,
    ...['operation', 'id', 'operator'],
  ],
  'deployment.confirmed': ({ operation, id }) => [
    `${operation ?? 'deployment'} ${id} was confirmed`,
    ...['operation', 'id', 'operator'],
  ],
  'deployment.way-back': ({ operation, id, why }) => [
    `${operation ?? 'deployment'} ${id} is rolled back${why === 'boot' ? ', after the boot' : why === 'lapsed' ? ': nothing was heard from fleet' : ''}`,
    ...['operation', 'id', 'operator', 'why'],
  ],
  'deployment.unlocked': ({ operation, id }) => [
    `${operation ?? 'deployment'} ${id} was unlocked by a person`,
    ...['operation', 'id', 'operator'],
  ],
  'deployment.ended': ({ operation, id, result }) => [
    `${operation ?? 'deployment'} ${id} ended: ${result ?? '?'}`,
    ...['operation', 'id', 'operator', 'result'],
  ],
  'operation.began': ({ operation, id, operator }) => [
    `${operation ?? 'operation'} began${by(operator)}, ${id}`,
    ...['operation', 'id', 'operator'],
  ],
  'operation.ended': ({ operation, id, code }) => [
    `${operation ?? 'operation'} ended${code === '0' || code === 0 ? '' : ` with ${code}`}, ${id}`,
    ...['operation', 'id', 'operator', 'code'],
  ],
  'vm.stopped': ({ operator, lasts }) => [
    `is to be stopped${lasts === 'held' ? ' until it is released' : ''}${by(operator)}`,
    ...['operator', 'lasts'],
  ],
  'vm.released': 'is to run again',
  'hold.began': ({ operator }) => [`is held on its generation${by(operator)}`, 'operator'],
  'hold.ended': 'is not held on its generation any more',
  'drift.found': ({ what }) => [`differs from what was deployed: ${what ?? '?'}`, 'what'],
  'drift.gone': ({ what }) => [`is as deployed again: ${what ?? '?'}`, 'what'],
  'orphan.found': ({ what, name }) => [`an orphan: ${words(what, name)}`, 'what', 'name'],
  'orphan.gone': ({ what, name }) => [`no orphan any more: ${words(what, name)}`, 'what', 'name'],
  'orphan.stopped': ({ what, name }) => [
    `an orphan was stopped: ${words(what, name)}`,
    ...['what', 'name'],
  ],
  'memory.short': 'memory is short',
  'memory.enough': 'there is memory again',
  'gc.ran': ({ freed, generations }) => [
    `old generations collected: ${generations ?? 0}${typeof freed === 'number' ? `, ${Math.max(0, Math.round(freed / 1024))} MiB freed` : ''}`,
    ...['freed', 'generations', 'paths'],
  ],
  'gc.failed': 'a collection of old generations failed',
  'cleanup.removed': ({ what, name }) => [`removed: ${words(what, name)}`, 'what', 'name'],
  'alert.firing': ({ rule }) => [`alert: ${rule ?? '?'}`, 'rule'],
  'alert.resolved': ({ rule }) => [`alert is over: ${rule ?? '?'}`, 'rule'],
  'agent.lost': 'its agent does not answer',
  'agent.back': 'its agent answers again',
};

/** What links an event to others, or to a unit's life, is for programs. */
const forPrograms = new Set(['invocation', 'last', 'file', 'id', 'commit', 'boot']);

/** What happened, in a sentence. */
export function sentence({ kind, fields }: Pick<SpoolEvent, 'kind' | 'fields'>): string {
  const phrase = Object.hasOwn(phrases, kind) ? phrases[kind as SpoolKind] : undefined;
  const [first, ...used] =
    typeof phrase === 'function' ? phrase(fields) : [phrase ?? kind.replace('.', ': ')];
  const { why } = fields;
  const because = why === undefined || why === '' || used.includes('why') ? '' : `: ${why}`;
  const rest = Object.entries(fields)
    .filter(
      ([key, value]) =>
        key !== 'why' && value !== '' && !used.includes(key) && !forPrograms.has(key),
    )
    .map(([key, value]) => `${key} ${value}`);
  return `${first}${because}${rest.length > 0 ? ` (${rest.join(', ')})` : ''}`;
}

const by = (operator: SpoolValue | undefined): string =>
  typeof operator === 'string' && operator !== '' ? ` (${operator})` : '';

const words = (...values: readonly (SpoolValue | undefined)[]): string =>
  values.filter((value) => value !== undefined && value !== '').join(' ') || '?';

const span = (seconds: number): string =>
  seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;

/** A clock there may be off by any amount. */
const isoTime = (seconds: number): string =>
  new Date(Math.min(seconds * 1000, 8.64e15)).toISOString();

/** The same for programs, a line of JSON each. */
export function eventLines(events: readonly FleetSpoolEvent[]): string {
  return events.map((event) => `${JSON.stringify(eventDocument(event))}\n`).join('');
}

export function eventDocument(event: FleetSpoolEvent): SpoolEventDocument {
  const { hypervisor, at, epoch, seq, up, kind, vm, fields } = event;
  return {
    ...{ kind: 'spool-event', version: 1, hypervisor, time: isoTime(at).replace('.000', '') },
    ...{ epoch, seq, up, event: kind, ...(vm !== undefined && { vm }), fields },
  };
}
