import { Dice } from '../dice.ts';
import { Disk, type Way } from './images.ts';
import { judgeCut } from './judge.ts';
import type { Entry, Recording } from './log.ts';
import type { Looker, Seen } from './look.ts';

/** The power goes after so many entries of a recording, and the disk is left in one way. */
export interface Cut {
  readonly seed: number;
  readonly moment: number;
  readonly way: Way;
  /** Which of the dice's throws. */
  readonly turn: number;
  /** The command of the script that was being carried out, or came next. */
  readonly before: string;
  readonly told: number;
  readonly pending: number;
  readonly wrong: readonly string[];
}

export type Chosen = Pick<Cut, 'moment' | 'way' | 'turn'>;

export const cutKey = ({ seed, moment, way, turn }: Chosen & { readonly seed: number }) =>
  `${seed} ${moment} ${way} ${turn}`;

const indexOf = (entries: readonly Entry[], text: string, from = 0) => {
  const at = entries.findIndex((e, n) => n >= from && e.kind === 'note' && e.text === text);
  if (at < 0) throw new Error(`nobody noted ${text}`);
  return at;
};

/** Moments after each write, flush and note, of the work itself and of what is known to be wrong (see script.ts). */
export function momentsOf({ entries }: Recording): { work: number[]; control: number[] } {
  const range = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => from + 1 + n);
  const control = indexOf(entries, 'control');
  return {
    work: range(indexOf(entries, 'begin'), indexOf(entries, 'over') + 1),
    control: range(control, indexOf(entries, 'over', control) + 1),
  };
}

/** Each way at a moment, where they differ. */
export function waysAt(
  { entries }: Recording,
  moments: readonly number[],
  turns: number,
): Chosen[] {
  return moments.flatMap((moment) => [
    { moment, way: 'kept' as const, turn: 0 },
    // Right after a flush there is nothing that could be lost.
    ...(entries[moment - 1]?.kind === 'flush'
      ? []
      : [
          { moment, way: 'lost' as const, turn: 0 },
          ...Array.from({ length: turns }, (_, turn) => ({ moment, way: 'torn' as const, turn })),
        ]),
  ]);
}

export function cutText({ moment, way, turn, before, told, pending, wrong }: Cut): string {
  const how = way === 'torn' ? `torn ${turn + 1}` : way;
  const end = wrong.length === 0 ? 'all there' : 'WRONG';
  return `after entry ${moment}, ${pending} writes ${how} (${before}): ${told} told, ${end}`;
}

/** Cuts the power at these moments, which are in their order. */
export async function runPower(
  recording: Recording,
  looker: Looker,
  seed: number,
  cuts: Iterable<Chosen>,
  signal: AbortSignal,
  tell: (cut: Cut) => void,
): Promise<void> {
  const disk = new Disk(recording);
  const last = new Map<Way, { readonly content: number | undefined; readonly seen: Seen }>();
  for (const { moment, way, turn } of cuts) {
    if (signal.aborted) return;
    disk.goTo(moment);
    const notes = recording.entries
      .slice(0, moment)
      .flatMap((entry) => (entry.kind === 'note' ? [entry.text] : []));
    const begun = notes.findLastIndex((text) => text === 'begin' || text === 'control');
    const told = notes.slice(begun).flatMap((text) => /^told (.*)$/.exec(text)?.slice(1) ?? []);
    const point = /^point \d+ before (.*)/.exec(notes.at(-1) ?? '')?.[1] ?? notes.at(-1) ?? '';
    const dice = new Dice(Math.imul(seed, 7919) + moment * 64 + turn);
    const content = disk.contentOf(way);
    const same = content === undefined ? undefined : last.get(way);
    const seen =
      same?.content === content && same !== undefined
        ? same.seen
        : await looker.look(disk.image(way, dice));
    last.set(way, { content, seen });
    const wrong = judgeCut({ told, ...seen });
    if (wrong.length > 0) wrong.push(JSON.stringify({ told, ...seen }));
    tell({
      seed,
      moment,
      way,
      turn,
      before: point,
      told: told.length,
      pending: disk.pending,
      wrong,
    });
  }
}
