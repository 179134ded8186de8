import { StringDecoder } from 'node:string_decoder';

/** Printed on both streams before the script: what comes earlier is a login shell's start-up files. */
export const mark = 'fleet: the script starts here\n';

/** One of the two output streams: what comes after the mark, and its lines as they complete. */
export class Output {
  started: boolean = false;
  readonly #onLine: ((line: string) => void) | undefined;
  readonly #decoder = new StringDecoder('utf8');
  #chunks: Buffer[] = [];
  #partial = '';

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    if (this.started) {
      this.#lines(this.#decoder.write(chunk));
      return;
    }
    const all = Buffer.concat(this.#chunks);
    const at = all.indexOf(mark);
    this.#chunks = [all];
    if (at < 0) return;
    const rest = all.subarray(at + mark.length);
    this.started = true;
    this.#chunks = [rest];
    this.#lines(this.#decoder.write(rest));
  }

  /** A last line without a line feed is a line. */
  end(): void {
    if (this.started) this.#lines(this.#decoder.end());
    if (this.#partial !== '') this.#onLine?.(this.#partial);
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  #lines(text: string): void {
    if (this.#onLine === undefined) return;
    const lines = text.split('\n');
    lines[0] = this.#partial + lines[0];
    this.#partial = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line);
  }
}
