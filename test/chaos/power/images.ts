import type { Dice } from '../dice.ts';
import type { Entry, Recording } from './log.ts';

/**
 * What becomes of that which was written and not flushed yet when the power goes: all of it is on the disk, nothing is, or
 * whatever the dice say, block by block. A disk with a cache that a power cut empties may do any of this; what was
 * flushed it has kept.
 */
export const ways = ['kept', 'lost', 'torn'] as const;
export type Way = (typeof ways)[number];

/** A disk writes this much at once or not at all: ext4's own superblock would not survive less. */
const block = 4096;

type Write = Extract<Entry, { kind: 'write' }>;

/** A disk as a power cut leaves it; moments come in their order. */
export class Disk {
  readonly #recording: Recording;
  readonly #flushed: Buffer;
  #at = 0;
  #pending: Write[] = [];
  #written = 0;

  constructor(recording: Recording) {
    this.#recording = recording;
    this.#flushed = Buffer.from(recording.disk);
  }

  /** Goes on until so many entries have come. */
  goTo(moment: number): void {
    if (moment < this.#at) throw new Error('time does not run backwards');
    for (; this.#at < moment; this.#at++) {
      const entry = this.#recording.entries[this.#at];
      if (entry?.kind === 'write') {
        this.#written += 1;
        if (entry.durable) entry.data.copy(this.#flushed, entry.at);
        else this.#pending.push(entry);
      } else if (entry?.kind === 'flush') {
        for (const { at, data } of this.#pending) data.copy(this.#flushed, at);
        this.#pending = [];
      }
    }
  }

  image(way: Way, dice: Dice): Buffer {
    const image = Buffer.from(this.#flushed);
    if (way === 'lost') return image;
    for (const { at, data } of this.#pending) {
      const whole = way === 'kept' || dice.chance(0.4);
      if (!whole && dice.chance(0.5)) continue;
      for (let n = 0; n < data.length; n += block)
        if (whole || dice.chance(0.5)) data.copy(image, at + n, n, n + block);
    }
    return image;
  }

  /** The same for the same image, where no dice are thrown. */
  contentOf(way: Way): number | undefined {
    if (way === 'torn') return undefined;
    return way === 'kept' ? this.#written : this.#written - this.#pending.length;
  }

  /** How many writes a power cut can take now. */
  get pending(): number {
    return this.#pending.length;
  }
}
