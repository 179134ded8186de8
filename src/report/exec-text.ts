import type { ExecResult } from '../model/exec-result.ts';
import { plainText, quotedAfterFirst, quotedText } from '../model/plain-text.ts';
import { saidBy } from '../model/said-by.ts';
import { harmless } from './guard.ts';
import { wrapHint } from './wrap.ts';

/** Bytes of a line that does not end, and is broken. */
const longestLine = 64 * 1024;

/** Output of one machine, in lines that say whose they are. */
export class ExecLines {
  readonly #prefix: string;
  readonly #clean: boolean;
  #rest: Buffer = Buffer.alloc(0);

  /**
   * @param prefix before each line
   * @param clean for a terminal or a log: nothing but text leaves
   */
  constructor(prefix: string, clean: boolean) {
    this.#prefix = prefix;
    this.#clean = clean;
  }

  /** What of it can be written now: whole lines. */
  push(chunk: Buffer): string | Buffer {
    // Bytes for a program, which has them as the command wrote them.
    if (this.#prefix === '' && !this.#clean) return chunk;
    const all = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const lines: Buffer[] = [];
    let from = 0;
    for (let at = all.indexOf(10); at >= 0; at = all.indexOf(10, from)) {
      lines.push(all.subarray(from, at));
      from = at + 1;
    }
    // What is not broken would pile up.
    for (; all.length - from > longestLine; from += longestLine)
      lines.push(all.subarray(from, from + longestLine));
    this.#rest = Buffer.from(all.subarray(from));
    return this.#joined(lines);
  }

  /** A last line without a line feed. */
  end(): string | Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return this.#joined(rest.length > 0 ? [rest] : []);
  }

  #joined(lines: readonly Buffer[]): string | Buffer {
    // Each by itself: among others, the guard at the exit may take a line for part of something else.
    if (this.#clean)
      return lines
        .map(
          (line) =>
            `${harmless(`${this.#prefix}${plainText(withoutReturn(line), Number.POSITIVE_INFINITY)}`)}\n`,
        )
        .join('');
    const prefix = Buffer.from(this.#prefix);
    const feed = Buffer.from('\n');
    return Buffer.concat(lines.flatMap((line) => [prefix, line, feed]));
  }
}

const withoutReturn = (line: Buffer): string => line.toString().replace(/\r$/, '');

/** What stands before the lines of machines, in one column. */
export function execPrefixes(machines: readonly string[]): ReadonlyMap<string, string> {
  const width = Math.max(0, ...machines.map((name) => name.length));
  return new Map(
    machines.map((name) => [name, machines.length > 1 ? `${`${name}:`.padEnd(width + 1)} ` : '']),
  );
}

/** Above the output of one machine: `== web1: exit 0`. */
export function execTitle(result: ExecResult): string {
  const end = result.failure ? 'failed' : exitText(result);
  return `== ${result.name}: ${end}, ${(result.ms / 1000).toFixed(1)} s\n`;
}

/** Of a machine on which it did not go well: why. @param alone no other machine was asked */
export function execFailure(result: ExecResult, alone: boolean): string {
  const { name, failure, code } = result;
  if (failure) {
    const detail = failure.detail ? `${quotedText(failure.detail)}\n` : '';
    const hint = failure.hint === undefined ? '' : `${wrapHint(failure.hint, 0)}\n`;
    return `${quotedAfterFirst(saidBy(name, failure))}\n${detail}${hint}`;
  }
  return code === 0 || (alone && result.signal === undefined)
    ? ''
    : `${name}: ${exitText(result)}\n`;
}

const exitText = ({ code, signal }: ExecResult): string =>
  signal === undefined ? `exit ${code}` : `ended by SIG${signal}`;
