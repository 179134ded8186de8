import { spoolOf } from '../life/truth.ts';

/** After a power cut: what had been told as written, and what is there. */
export interface Found {
  /** `event N ID` or `state N`, in their order. */
  readonly told: readonly string[];
  /** Texts of the spool's files, in the order of their names. */
  readonly spool: readonly string[];
  /** Of the guest's state; undefined: there is none. */
  readonly state: string | undefined;
}

/** What the script of script.ts writes, in its order. */
const states = [
  { n: 2, state: 'Starting' },
  { n: 3, state: 'Ready' },
  { n: 5, state: 'Failed' },
  { n: 8, state: 'Starting' },
];
const happened = [1, 4, 5, 6, 7];

/** What a power cut must not do to the spool and to the state. */
export function judgeCut({ told, spool, state }: Found): string[] {
  const { events, unreadable } = spoolOf(spool);
  const wrong: string[] = [];
  for (const line of told) {
    const [what, n, id] = line.split(' ');
    if (what !== 'event') continue;
    if (!events.some((e) => `${e.epoch}:${e.seq}` === id && e.n === Number(n)))
      wrong.push(`event ${n} (${id}) was told as written, and is lost`);
  }
  if (unreadable.length > 1) wrong.push(`${unreadable.length} lines are no events`);
  if (spool.some((text) => text !== '' && !text.endsWith('\n')))
    wrong.push('a file ends in a half line');
  for (const { kind, n, seq, epoch } of events) {
    const isKnown =
      kind.startsWith('spool.') ||
      (kind === 'test.booted' && n === 99) ||
      (['test.happened', 'guest.failed'].includes(kind) && happened.includes(Number(n)));
    if (!isKnown) wrong.push(`${epoch}:${seq} is nothing that was written: ${kind} ${String(n)}`);
  }
  for (const [i, event] of events.entries()) {
    const before = events[i - 1];
    const follows =
      before?.epoch === event.epoch
        ? event.seq === before.seq + 1
        : event.seq === 1 && (before === undefined || before.epoch < event.epoch);
    if (!follows) wrong.push(`${event.epoch}:${event.seq} follows nothing`);
  }
  const booted = events.at(-1);
  if (booted?.kind !== 'test.booted') wrong.push('no event could be written after the boot');
  else if (events.some((e) => e.epoch === booted.epoch && e.kind === 'test.happened'))
    wrong.push('the epoch went on after the boot');
  return [...wrong, ...wrongState(told, state), ...wrongOrder(events, state)];
}

const numberOf = (state: string | undefined) => {
  const fields = new Map(state?.split('\n').map((l) => l.split('\t') as [string, string]));
  return states.find((s) => s.state === fields.get('state') && String(s.n) === fields.get('why'))
    ?.n;
};

/** Old or new, never between. */
function wrongState(told: readonly string[], state: string | undefined): string[] {
  const last = Number(told.findLast((l) => l.startsWith('state '))?.split(' ')[1] ?? 0);
  const next = states.find((s) => s.n > last)?.n;
  if (state === undefined)
    return last === 0 ? [] : [`state ${last} was told as written, and is lost`];
  if (!state.endsWith('\n')) return [`the state is half: ${JSON.stringify(state)}`];
  const n = numberOf(state);
  return n !== undefined && (n === last || n === next)
    ? []
    : [`the state is neither ${last} nor ${next}: ${JSON.stringify(state)}`];
}

/** What an event tells of is on disk. */
function wrongOrder(
  events: readonly { kind: string; n?: unknown }[],
  state: string | undefined,
): string[] {
  const failed = events.find((e) => e.kind === 'guest.failed');
  return failed && (numberOf(state) ?? 0) < Number(failed.n)
    ? ['an event tells of a state that is not on disk']
    : [];
}
