import { parseDuration } from '../model/units.ts';
import { usageError } from './options.ts';

const day = 24 * 3_600_000;

/**
 * A time as an option has it: so long ago (`15m`, `3d`, `3d ago`), or a date, with a time of day or without, in UTC as
 * everything that fleet shows. Undefined: it is none.
 * @param now ms since the epoch
 * @returns seconds since the epoch
 */
export function moment(text: string, now: number): number | undefined {
  const span = text.replace(/ ago$/, '');
  const days = /^(\d{1,5})d$/.exec(span)?.[1];
  const ago = days === undefined ? parseDuration(span) : Number(days) * day;
  if (ago !== undefined) return Math.max(0, Math.floor((now - ago) / 1000));
  const [, date, time = '00:00'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?: ?(?:Z|UTC))?)?$/.exec(text) ?? [];
  if (date === undefined) return undefined;
  const at = Date.parse(`${date}T${time}Z`);
  // The 31st of a shorter month is not the 1st of the next.
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(date)) return undefined;
  return at / 1000;
}

/** What --since says, as `moment`. @throws FleetError `options.time` */
export function sinceOf(text: string, now: number): number {
  const found = moment(text, now);
  if (found !== undefined) return found;
  throw usageError(
    'options.time',
    `--since ${text} is not a time`,
    'For instance 15m, 2h or "3d ago"; 2026-11-29 or "2026-11-29 08:41", UTC.',
  );
}
