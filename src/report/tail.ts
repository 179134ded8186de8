/** The last bytes of what comes. */
export class Tail {
  readonly #most: number;
  #chunks: Buffer[] = [];
  #kept = 0;
  /** There was more. */
  isCut: boolean = false;

  constructor(most: number) {
    this.#most = most;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#kept += chunk.length;
    // Now and then, or each piece would be a copy.
    if (this.#kept > 2 * this.#most) this.#shorten();
  }

  bytes(): Buffer {
    this.#shorten();
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  #shorten(): void {
    const all = Buffer.concat(this.#chunks);
    this.isCut ||= all.length > this.#most;
    const rest = Buffer.from(all.subarray(Math.max(0, all.length - this.#most)));
    this.#chunks = [rest];
    this.#kept = rest.length;
  }
}
