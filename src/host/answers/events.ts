import { plainLine } from '../../model/plain-text.ts';
import { cursorOf, type SpoolEvent, type SpoolValue } from '../../model/spool-event.ts';
import { clip } from './clip.ts';
import { isTime, Unreadable } from './shape.ts';

/** Characters of a line: the spool has none that is longer. */
const longest = 4096;
/** Fields of an event, and characters of a text in it. */
const most = { fields: 40, text: 1000 };
const own = new Set(['v', 'epoch', 'seq', 'at', 'up', 'kind', 'vm']);

/** Something to be handed to a hypervisor again, though it gave it. */
export const isPlace = (text: string): boolean => /^\d{12}-[0-9a-f]{8}:\d{1,10}$/.test(text);

/**
 * One line of the spool. Root wrote it, but what is told in it may be a guest's words.
 * @throws Unreadable `events.unreadable`
 */
export function parseSpoolEvent(line: string): SpoolEvent {
  const refuse = (why: string, cause?: unknown): never => {
    throw new Unreadable('events.unreadable', line, why, { cause });
  };
  if (line.length > longest) refuse('it is longer than an event can be');
  let found: Readonly<Record<string, unknown>>;
  try {
    found = JSON.parse(line);
  } catch (error) {
    return refuse('it is no JSON', error);
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    return refuse('it is no object');
  const { epoch, seq, at, up, kind, vm } = found;
  if (typeof epoch !== 'string' || !isNumber(seq) || seq === 0 || !isPlace(`${epoch}:${seq}`))
    return refuse('it has no number');
  if (!isNumber(at) || !isTime(String(at)) || !isNumber(up)) return refuse('it has no time');
  if (typeof kind !== 'string' || !/^[a-z]{1,32}\.[a-z-]{1,32}$/.test(kind))
    return refuse('it has no kind');
  if (vm !== undefined && !(typeof vm === 'string' && /^[\w][\w.@-]{0,254}$/.test(vm)))
    return refuse('it has no valid name of a vm');
  const fields: Record<string, SpoolValue> = {};
  let count = 0;
  for (const [key, value] of Object.entries(found)) {
    if (own.has(key)) continue;
    count += 1;
    if (count > most.fields || !/^[A-Za-z]\w{0,39}$/.test(key))
      return refuse('it has no such field');
    fields[key] = plainValue(value);
  }
  return { epoch, seq, at, up, kind, vm: vm as string | undefined, fields };
}

const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** What is deeper than a text is shown as one. */
function plainValue(value: unknown): SpoolValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return clip(plainLine(text, most.text), most.text);
}

/**
 * Sees what is missing in events that come one after the other, and what is told twice in different words. Both become
 * events themselves, before the one that shows them.
 */
export class Numbering {
  #last: Pick<SpoolEvent, 'epoch' | 'seq'> | undefined;
  /** Of the last events, what each said: only these can come once more. */
  readonly #said = new Map<string, string>();
  #isGone = false;

  /** @param cursor what was read already ends there */
  constructor(cursor?: string) {
    if (cursor !== undefined) this.#last = lastOf(cursor);
  }

  /** Where reading goes on. */
  get cursor(): string | undefined {
    return this.#last && cursorOf(this.#last);
  }

  /** The place of the cursor is not there any more. */
  gone(): void {
    this.#isGone = true;
  }

  /** What is behind the cursor, and is not to be told. */
  skip(cursor: string): void {
    this.#last = lastOf(cursor);
  }

  /** The event, after what it shows; nothing for one that was told. */
  next(event: SpoolEvent): SpoolEvent[] {
    const place = cursorOf(event);
    const text = JSON.stringify(event);
    const said = this.#said.get(place);
    if (said === text) return [];
    if (said !== undefined) return [doubt(event, 'spool.fork', {}), event];
    this.#said.set(place, text);
    if (this.#said.size > 1000) this.#said.delete(this.#said.keys().next().value!);
    const gap = this.#gapBefore(event);
    this.#isGone = false;
    this.#last = event;
    return gap ? [gap, event] : [event];
  }

  #gapBefore(event: SpoolEvent): SpoolEvent | undefined {
    const last = this.#last;
    // What is before the first that is read, nobody asked for.
    if (last === undefined) return undefined;
    const after = cursorOf(last);
    if (event.epoch === last.epoch) {
      const missing = event.seq - last.seq - 1;
      return missing > 0 ? doubt(event, 'spool.gap', { after, missing }) : undefined;
    }
    const isMissing = this.#isGone || event.seq > 1;
    return isMissing ? doubt(event, 'spool.gap', { after }) : undefined;
  }
}

function lastOf(cursor: string): Pick<SpoolEvent, 'epoch' | 'seq'> {
  const [epoch = '', seq = ''] = cursor.split(':');
  return { epoch, seq: Number(seq) };
}

const doubt = (
  { epoch, seq, at, up }: SpoolEvent,
  kind: 'spool.gap' | 'spool.fork',
  fields: Readonly<Record<string, SpoolValue>>,
): SpoolEvent => ({ epoch, seq, at, up, kind, vm: undefined, fields });
