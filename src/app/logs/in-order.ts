/** Ms that the last lines of the slowest hypervisor are waited for while others have what is written now. */
const patience = 2000;

/**
 * Puts the last lines of all hypervisors in the order of their times. What is written from then on is shown as it comes,
 * and not held back for a hypervisor that does not answer.
 */
export class InOrder<T extends { readonly at: number }> {
  readonly #show: (lines: readonly T[]) => Promise<void>;
  #waiting: number;
  /** Undefined: they were shown. */
  #held: T[] | undefined = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param count readers that will tell their last lines */
  constructor(count: number, isFollowed: boolean, show: (lines: readonly T[]) => Promise<void>) {
    this.#waiting = count;
    this.#show = show;
    if (isFollowed) this.#timer = setTimeout(() => void this.#release(), patience).unref();
  }

  async last(lines: readonly T[]): Promise<void> {
    this.#waiting -= 1;
    if (this.#held === undefined) return this.#show(lines.toSorted((a, b) => a.at - b.at));
    for (const line of lines) this.#held.push(line);
    if (this.#waiting === 0) await this.#release();
  }

  async line(line: T): Promise<void> {
    if (this.#held === undefined) await this.#show([line]);
    else this.#held.push(line);
  }

  async #release(): Promise<void> {
    clearTimeout(this.#timer);
    const lines = this.#held ?? [];
    this.#held = undefined;
    await this.#show(lines.toSorted((a, b) => a.at - b.at));
  }
}
