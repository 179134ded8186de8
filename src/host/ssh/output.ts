import { StringDecoder } from 'node:string_decoder';
import { FleetError } from '../../model/errors.ts';

/** Printed on both streams before the script: what comes earlier is a login shell's start-up files. */
export const mark = 'fleet: the script starts here\n';

const mebibyte = 1024 * 1024;
/** Bytes that a script may say, and that are kept: facts of a thousand guests are a tenth of it. */
const wholeBytes = 16 * mebibyte;
/** Bytes of what is handed on line by line, as the log of a long build is; of these the end is kept. */
const streamedBytes = 512 * mebibyte;
const tailBytes = 64 * 1024;
/** Characters of one line that are handed on; the rest of a longer one is dropped. */
const lineLength = mebibyte;

/** One of the two output streams: what comes after the mark, and its lines as they complete. */
export class Output {
  started: boolean = false;
  /** More was said than is read. */
  isFull: boolean = false;
  readonly #onLine: ((line: string) => void) | undefined;
  readonly #decoder = new StringDecoder('utf8');
  readonly #mark = Buffer.from(mark);
  #bytes = 0;
  #chunks: Buffer[] = [];
  /** Where the mark may have begun. */
  #edge: Buffer = Buffer.alloc(0);
  #partial = '';

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** @throws FleetError `remote.too-much` */
  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    const most = this.#onLine && this.started ? streamedBytes : wholeBytes;
    if (this.#bytes > most) {
      this.isFull = true;
      const size = `${most / mebibyte} MiB`;
      throw new FleetError('remote.too-much', `a script printed more than ${size}`);
    }
    if (this.started) {
      this.#take(chunk);
      return;
    }
    const all = Buffer.concat([this.#edge, chunk]);
    const at = all.indexOf(this.#mark);
    if (at < 0) {
      this.#edge = all.subarray(Math.max(0, all.length - this.#mark.length + 1));
      this.#chunks.push(chunk);
      this.#keepTail();
      return;
    }
    this.started = true;
    this.#chunks = [];
    this.#take(all.subarray(at + this.#mark.length));
  }

  /** A last line without a line feed is a line. */
  end(): void {
    if (this.started) this.#lines(this.#decoder.end());
    if (this.#partial !== '') this.#onLine?.(this.#partial);
  }

  /** What was said; of what was handed on line by line, and of what came before the mark, the end. */
  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    if (this.#onLine === undefined) return;
    this.#keepTail();
    this.#lines(this.#decoder.write(chunk));
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
