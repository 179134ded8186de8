import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { FleetError } from '../../model/errors.ts';

const mebibyte = 1024 * 1024;
/** Bytes of output that a script may print. The facts of a thousand guests take a tenth of it. */
const wholeBytes = 16 * mebibyte;
/** The same for output that is passed on line by line, such as the log of a long build; only its end is kept. */
const streamedBytes = 64 * mebibyte;
const tailBytes = 64 * 1024;
/** Characters of a line that are passed on; the rest is dropped. */
const lineLength = mebibyte;

/** Collects one of the two outputs, and passes on its lines as they arrive. */
export class Output {
  readonly #onLine: ((line: string) => void) | undefined;
  readonly #decoder = new StringDecoder('utf8');
  #bytes = 0;
  #chunks: Buffer[] = [];
  #partial = '';

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Reads a stream to its end. @throws FleetError `remote.too-much`, what onLine throws */
  async read(stream: Readable): Promise<void> {
    for await (const chunk of stream) this.push(chunk as Buffer);
    this.end();
  }

  /** @throws FleetError `remote.too-much` */
  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    const most = this.#onLine ? streamedBytes : wholeBytes;
    if (this.#bytes > most) {
      const size = `${most / mebibyte} MiB`;
      throw new FleetError('remote.too-much', `a script printed more than ${size}`);
    }
    this.#chunks.push(chunk);
    if (this.#onLine === undefined) return;
    this.#keepTail();
    this.#lines(this.#decoder.write(chunk));
  }

  /** Also passes on a last line without a line feed. */
  end(): void {
    this.#lines(this.#decoder.end());
    if (this.#partial !== '') this.#onLine?.(this.#partial);
  }

  /** The output; only its end, if it was passed on line by line. */
  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  #keepTail(): void {
    if (this.#chunks.length < 64) return;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [Buffer.from(all.subarray(Math.max(0, all.length - tailBytes)))];
  }

  #lines(text: string): void {
    if (this.#onLine === undefined) return;
    let from = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      this.#add(text.slice(from, at));
      const line = this.#partial;
      this.#partial = '';
      from = at + 1;
      this.#onLine(line);
    }
    this.#add(text.slice(from));
  }

  #add(piece: string): void {
    const room = lineLength - this.#partial.length;
    if (room > 0) this.#partial += piece.slice(0, room);
  }
}
