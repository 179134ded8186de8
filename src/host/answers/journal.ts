import { plainLine } from '../../model/plain-text.ts';
import { clip } from './clip.ts';
import { Unreadable } from './shape.ts';

/** Characters of a line that are shown: a program that logs JSON writes long ones. */
const longest = 2000;

/** What is said once in a journal. */
export interface JournalEntry {
  /** Where it stands; a later call goes on from there. */
  readonly cursor: string;
  /** Microseconds since the epoch. */
  readonly at: number;
  /** The unit that it is of, or that systemd says it about. */
  readonly unit: string;
  /** Whether it is systemd that says it, about the unit. */
  readonly isAbout: boolean;
  /** Whether the unit wrote it to its standard output or error. */
  readonly isOutput: boolean;
  readonly by: string;
  readonly priority: number | undefined;
  readonly text: string;
}

/**
 * One line as `journalctl --output=json` prints it. Whose it is, the journal knows itself; the rest is a stranger's.
 * @throws Unreadable `logs.unreadable`
 */
export function parseEntry(line: string): JournalEntry {
  let fields: Readonly<Record<string, unknown>>;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) throw new Error('it is no object');
    fields = value as Readonly<Record<string, unknown>>;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Unreadable('logs.unreadable', line, why, { cause: error });
  }
  const cursor = textOf(fields.__CURSOR);
  const at = Number(textOf(fields.__REALTIME_TIMESTAMP) || Number.NaN);
  if (!isCursor(cursor) || !Number.isSafeInteger(at) || at < 0)
    throw new Unreadable('logs.unreadable', line, 'a line of the journal has no place or time');
  const about = aboutOf(fields);
  const priority = Number(textOf(fields.PRIORITY) || Number.NaN);
  return {
    cursor,
    at,
    unit: about ?? textOf(fields._SYSTEMD_UNIT),
    isAbout: about !== undefined,
    isOutput: fields._TRANSPORT === 'stdout',
    by: clip(plainLine(textOf(fields.SYSLOG_IDENTIFIER)), 32),
    priority: priority >= 0 && priority <= 7 ? priority : undefined,
    text: shown(textOf(fields.MESSAGE)),
  };
}

/** Something to be handed to a hypervisor again, though it gave it. */
export const isCursor = (text: string): boolean => /^s=[\w=;]{1,500}$/.test(text);

/** Only systemd speaks of other units, and only root of what was dumped. */
function aboutOf({ _PID, _UID, UNIT, COREDUMP_UNIT }: Readonly<Record<string, unknown>>) {
  if (_PID === '1' && typeof UNIT === 'string') return UNIT;
  if (_UID === '0' && typeof COREDUMP_UNIT === 'string') return COREDUMP_UNIT;
  return undefined;
}

/** A field: text, the bytes of what is not printable, or a list of such where it was given more than once. */
function textOf(field: unknown): string {
  if (typeof field === 'string') return field;
  if (!Array.isArray(field)) return '';
  if (field.every((byte) => typeof byte === 'number')) return Buffer.from(field).toString('utf8');
  return field.map(textOf).join(' ');
}

/** ECMA-48: colours and other orders to a terminal; titles and the like, up to their end. */
const orders =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
  /\u001b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\u0007\u001b]{0,256}(?:\u0007|\u001b\\))/g;

/** A console paints: without its colours its lines can be read. */
function shown(text: string): string {
  return plainLine(
    clip(
      text
        .slice(0, 4 * longest)
        .replace(orders, '')
        .trimEnd(),
      longest,
    ),
    longest,
  );
}
