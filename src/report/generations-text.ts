import { timestamp } from '../model/time.ts';

/** A generation that one can return to. */
export interface GenerationRow {
  readonly name: string;
  /** Absent: kept by fleet alone. */
  readonly number?: number | undefined;
  /** Seconds since the epoch; 0: unknown. */
  readonly since: number;
  readonly current: boolean;
  readonly path: string;
  /** The deployment that brought it, while the hypervisor remembers that, and its commit. */
  readonly deployment?: string | undefined;
  readonly commit?: string | undefined;
}

/** A name that takes more leaves no room for the rest in 80 columns: it has a line of its own. */
const longest = 20;

/** Two lines each, under heads of columns; `*`: the current one. */
export function generationsText(rows: readonly GenerationRow[]): string {
  if (rows.length === 0) return '';
  const width = Math.max(4, ...rows.map(({ name }) => name.length).filter((n) => n <= longest));
  const line = (mark: string, name: string, number: string, ...rest: readonly string[]) => {
    const title = name.length > width ? `${name}\n  ${' '.repeat(width)}` : name.padEnd(width);
    return `${mark} ${title} ${number.padStart(4)}  ${rest.join('  ')}`.trimEnd();
  };
  const time = isWithinAMinute(rows) ? 19 : 16;
  const since = ({ since: at }: GenerationRow) =>
    (at > 0 ? timestamp(at, time).replace(/ UTC$/, '') : '').padEnd(time);
  return [
    line(' ', 'NAME', 'GEN', 'SINCE (UTC)'.padEnd(time), 'COMMIT  ', 'DEPLOYMENT'),
    ...rows.flatMap((row) => [
      line(
        row.current ? '*' : ' ',
        row.name,
        String(row.number ?? 'kept'),
        since(row),
        (row.commit ?? '').slice(0, 8).padEnd(8),
        row.deployment ?? '',
      ),
      `    ${row.path}`,
    ]),
    '',
  ].join('\n');
}

/** Whether two generations of one target began in the same minute: then seconds tell them apart. */
function isWithinAMinute(rows: readonly GenerationRow[]): boolean {
  const dated = rows.filter(({ since }) => since > 0);
  const minutes = new Set(dated.map(({ name, since }) => `${name} ${Math.floor(since / 60)}`));
  return minutes.size < dated.length;
}
