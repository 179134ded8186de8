import { Transform, type TransformCallback } from 'node:stream';
import { FleetError } from '../../model/errors.ts';

/** Printed on both streams before the script; what comes earlier is output of the login shell's start-up files. */
export const mark = 'fleet: the script starts here\n';

const mebibyte = 1024 * 1024;
/** Bytes that a login shell may print before the mark. */
const mostBefore = 16 * mebibyte;
/** Bytes of these that are kept, for an error message. */
const tailBytes = 64 * 1024;

/** Passes on what comes after the mark. What comes before it is read without waiting for a reader. */
export class AfterMark extends Transform {
  started: boolean = false;
  readonly #mark = Buffer.from(mark);
  readonly #onStart: () => void;
  #bytes = 0;
  #before: Buffer[] = [];
  /** The end of the output so far, in which the mark may have begun. */
  #edge: Buffer = Buffer.alloc(0);

  constructor(onStart: () => void = () => {}) {
    super();
    this.#onStart = onStart;
  }

  /** The end of the output before the mark. */
  get before(): string {
    return Buffer.concat(this.#before).subarray(-tailBytes).toString();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const part = this.started ? chunk : this.#find(chunk);
    if (part instanceof Error) done(part);
    else done(null, part.length > 0 ? part : undefined);
  }

  #find(chunk: Buffer): Buffer | Error {
    this.#bytes += chunk.length;
    if (this.#bytes > mostBefore) {
      const size = `${mostBefore / mebibyte} MiB`;
      return new FleetError('remote.too-much', `a login shell printed more than ${size} first`);
    }
    const all = Buffer.concat([this.#edge, chunk]);
    const at = all.indexOf(this.#mark);
    if (at < 0) {
      this.#edge = Buffer.from(all.subarray(Math.max(0, all.length - this.#mark.length + 1)));
      this.#keep(chunk);
      return Buffer.alloc(0);
    }
    this.started = true;
    this.#before = [];
    this.#onStart();
    return all.subarray(at + this.#mark.length);
  }

  #keep(chunk: Buffer): void {
    this.#before.push(chunk);
    if (this.#before.length < 64) return;
    this.#before = [Buffer.from(Buffer.concat(this.#before).subarray(-tailBytes))];
  }
}
