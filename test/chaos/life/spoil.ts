import { type Forged, zero } from './forge.ts';
import type { good } from './good.ts';

/** A good history, how it is spoilt, and what is then said of it. */
export type Spoilt = readonly [keyof typeof good, string, (history: Forged) => void, RegExp];

export type Event = Forged['events'][number];
export const find = (history: Forged, kind: string) =>
  history.events.find((e) => e.kind === kind && e.at > zero + 10) as Event;
/** Leaves an event out, and numbers the others as if it had never been. */
export function leaveOut(history: Forged, { epoch, seq }: Pick<Event, 'epoch' | 'seq'>): void {
  history.events = history.events.filter((e) => e.epoch !== epoch || e.seq !== seq);
  for (const event of history.events) if (event.epoch === epoch && event.seq > seq) event.seq -= 1;
  for (const file of Object.values(history.remembered))
    if (file?.lastEnd?.startsWith(epoch)) {
      const own = Number(file.lastEnd.split(':')[1]);
      if (own > seq) file.lastEnd = `${epoch}:${own - 1}`;
    }
}
export const untold = (kind: string) => (history: Forged) => leaveOut(history, find(history, kind));
/** Tells one more, after all others. */
export const more = (kind: string, at: number, fields: object) => (history: Forged) => {
  const { epoch, seq, up, at: before } = history.events.at(-1) as Event;
  const time = zero + at;
  history.events.push({ epoch, seq: seq + 1, up: up + time - before, at: time, kind, ...fields });
};
export const life = (history: Forged, invocation: string) =>
  history.lives.find((l) => l.invocation === invocation) as Forged['lives'][number];
