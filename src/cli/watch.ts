import { type Clock, timestamp } from '../model/time.ts';
import { harmless, unguarded } from '../report/guard.ts';
import { type Style, styleFor } from '../report/style.ts';
import type { Screen as Size } from '../report/watch-text.ts';
import { usageError } from './options.ts';

/** Begins at the top left corner; each line, and the screen, is cleared behind what is written. */
const [home, endOfLine, below] = ['\u001b[H', '\u001b[K', '\u001b[J'];
/** A screen of its own, without a cursor; and back. */
const [enter, leave] = ['\u001b[?1049h\u001b[?25l', '\u001b[?25h\u001b[?1049l'];

/** What is seen, as text of that size; `at` stands above it. */
export type Picture<T> = (seen: T, style: Style, size: Size, at: string) => string;

/** A screen that is drawn over and over. What stood on the terminal before comes back, with the last picture below. */
export class Screen<T> {
  readonly #clock: Clock;
  readonly #paint: Picture<T>;
  #seen: T | undefined;
  /** What was said meanwhile. */
  #note = '';

  /** @throws FleetError `options.no-terminal` */
  static open<T>(clock: Clock, paint: Picture<T>): Screen<T> {
    const { isTTY, columns } = process.stdout;
    if (isTTY && columns > 0) return new Screen(clock, paint);
    throw usageError(
      'options.no-terminal',
      'standard output is not a terminal, and --watch redraws one',
      'Leave out --watch; a program takes --json.',
    );
  }

  private constructor(clock: Clock, paint: Picture<T>) {
    this.#clock = clock;
    this.#paint = paint;
    this.#put(enter);
    process.stdout.on('resize', this.#draw);
    process.once('exit', this.close);
  }

  readonly show = (seen: T): void => {
    this.#seen = seen;
    this.#draw();
    this.#note = '';
  };

  readonly say = (text: string): void => {
    this.#note = ` ${text}`;
  };

  readonly close = (): void => {
    process.stdout.off('resize', this.#draw);
    process.off('exit', this.close);
    this.#put(leave);
    if (this.#seen) this.#put(this.#picture(this.#seen));
  };

  readonly #draw = (): void => {
    if (!this.#seen) return;
    const lines = this.#picture(this.#seen).split('\n');
    this.#put(`${home}${lines.map((line) => `${line}${endOfLine}`).join('\n')}${below}`);
  };

  /** Moves the cursor on purpose. */
  #put(text: string): void {
    unguarded(process.stdout).write(text);
  }

  #picture(seen: T): string {
    const { columns, rows } = process.stdout;
    const at = `${timestamp(this.#clock.now() / 1000, 19)}${this.#note}`;
    return harmless(this.#paint(seen, styleFor(process.stdout), { columns, rows }, at));
  }
}
