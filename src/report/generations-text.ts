import { span } from '../model/age.ts';
import type { FieldDifference } from '../model/generation-diff.ts';
import type { Outcome } from '../model/past-deployment.ts';
import { plainLine } from '../model/plain-text.ts';
import { fieldText } from './field-text.ts';
import { wrap } from './wrap.ts';

/** A generation that one can return to. */
export interface GenerationRow {
  readonly name: string;
  /** Absent: kept by fleet alone. */
  readonly number?: number | undefined;
  /** Numbers of older ones that are the same. */
  readonly same?: readonly number[];
  /** Seconds since the epoch; 0: unknown. */
  readonly since: number;
  readonly current: boolean;
  readonly path: string;
  /** The deployment that brought it, while the hypervisor remembers that, its commit and who it was. */
  readonly deployment?: string | undefined;
  readonly commit?: string | undefined;
  readonly operator?: string | undefined;
  /** Of the commit, where this clone has it. */
  readonly subject?: string;
  /** What became of it, while the hypervisor remembers that. */
  readonly outcome?: Outcome | undefined;
  /** Deployments that began on it and failed, the oldest first. */
  readonly failed?: readonly { readonly deployment: string; readonly why: string | undefined }[];
  /** How fleet.yaml differs from that of the one before; absent: unknown. */
  readonly changes?: readonly FieldDifference[];
}

/** A name that takes more leaves no room for the rest in 80 columns: it has a line of its own. */
const longest = 20;
/** Fields that are named. */
const most = 4;

/**
 * A row each, under heads of columns, and below it what is known of it; `*`: the current one.
 * @param now seconds since the epoch
 */
export function generationsText(rows: readonly GenerationRow[], now: number): string {
  if (rows.length === 0) return '';
  const width = widest(rows.map(({ name }) => name.length).filter((n) => n <= longest));
  const numbers = widest(rows.map((row) => numberText(row).length));
  const line = (mark: string, name: string, number: string, ...rest: readonly string[]) => {
    const title = name.length > width ? `${name}\n  ${' '.repeat(width)}` : name.padEnd(width);
    return `${mark} ${title} ${number.padStart(numbers)}  ${rest.join('  ')}`.trimEnd();
  };
  return [
    line(' ', 'NAME', 'GEN', '     AGE', 'COMMIT  ', 'DEPLOYMENT'),
    ...rows.flatMap((row) => [
      line(
        row.current ? '*' : ' ',
        row.name,
        numberText(row),
        (row.since > 1 ? span(Math.max(0, now - row.since)) : '').padStart(8),
        (row.commit ?? '').slice(0, 8).padEnd(8),
        row.deployment ?? '',
      ),
      ...about(row).map((text) => `    ${wrap(text, 4)}`),
    ]),
    '',
  ].join('\n');
}

/** Of however many: a call takes only so many arguments. */
const widest = (lengths: readonly number[]): number =>
  lengths.reduce((most, one) => Math.max(most, one), 4);

function numberText({ number, same = [] }: GenerationRow): string {
  if (number === undefined) return 'kept';
  const all = [...same, number].sort((a, b) => a - b);
  return all.length === 1 ? String(number) : `${all[0]}-${all.at(-1)}`;
}

const outcomes: Readonly<Record<Outcome, string>> = {
  applied: 'applied',
  'returned-to': 'rolled back to',
  'rolled-back': 'rolled back since',
};

/** Who and why, and what became of it; then what differs. */
function about(row: GenerationRow): string[] {
  const { subject, operator, outcome, failed = [], changes, same, number } = row;
  const by = [operator ?? '', outcome ? outcomes[outcome] : '']
    .filter((text) => text !== '')
    .join(', ');
  const who = [subject ?? '', by === '' ? '' : `(${by})`].filter((text) => text !== '').join(' ');
  const isSame = same && !row.current ? [`to return to it: ${number}`] : [];
  return [
    ...(who === '' ? [] : [who]),
    ...changesText(changes),
    ...failed.slice(-1).map((last) => failedText(last, failed.length)),
    ...isSame,
  ];
}

function failedText(
  { deployment, why }: { readonly deployment: string; readonly why: string | undefined },
  count: number,
): string {
  const said = why === undefined ? '' : `: ${plainLine(why)}`;
  return count === 1
    ? `a deployment on it failed: ${deployment}${said}`
    : `${count} deployments on it failed, the last ${deployment}${said}`;
}

function changesText(changes: readonly FieldDifference[] | undefined): string[] {
  if (changes === undefined || changes.length === 0) return [];
  const more = changes.length > most ? [`and ${changes.length - most} more`] : [];
  return [[...changes.slice(0, most).map(fieldText), ...more].join('; ')];
}
