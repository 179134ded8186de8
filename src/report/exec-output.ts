import type { ExecListener } from '../model/exec-result.ts';
import { ExecLines, execPrefixes, execTitle } from './exec-text.ts';
import type { ExecOutput } from './json/upkeep.ts';
import { Tail } from './tail.ts';

type Stream = 'stdout' | 'stderr';
const streams: readonly Stream[] = ['stdout', 'stderr'];

/** Where output goes. */
export interface ExecSink {
  /** Done once whoever reads has taken it. */
  readonly write: (stream: Stream, text: string | Buffer) => Promise<void>;
  /** For a terminal and a log, only text; for a program, the bytes. docs/decisions/reach.md */
  readonly isForPeople: (stream: Stream) => boolean;
}

/** Bytes of each output that are kept until it has ended. */
const most = 1024 * 1024;

/** Lines as they come. */
export class Live implements ExecListener {
  readonly #sink: ExecSink;
  readonly #lines = new Map<string, Record<Stream, ExecLines>>();

  constructor(sink: ExecSink) {
    this.#sink = sink;
  }

  begin(machines: readonly string[]): void {
    const { isForPeople } = this.#sink;
    for (const [name, prefix] of execPrefixes(machines))
      this.#lines.set(name, {
        stdout: new ExecLines(prefix, isForPeople('stdout')),
        stderr: new ExecLines(prefix, isForPeople('stderr')),
      });
  }

  output(machine: string, stream: Stream, chunk: Buffer): Promise<void> {
    return this.#sink.write(stream, this.#lines.get(machine)?.[stream].push(chunk) ?? '');
  }

  async ended({ name }: { readonly name: string }): Promise<void> {
    for (const stream of streams)
      await this.#sink.write(stream, this.#lines.get(name)?.[stream].end() ?? '');
  }
}

/** The end of what each machine said. */
export class Kept implements ExecListener {
  protected readonly tails = new Map<string, Record<Stream, Tail>>();

  begin(machines: readonly string[]): void {
    for (const name of machines)
      this.tails.set(name, { stdout: new Tail(most), stderr: new Tail(most) });
  }

  async output(machine: string, stream: Stream, chunk: Buffer): Promise<void> {
    this.tails.get(machine)?.[stream].push(chunk);
  }

  async ended(_result: Parameters<ExecListener['ended']>[0]): Promise<void> {}

  of(machine: string): ExecOutput {
    const { stdout, stderr } = this.tails.get(machine)!;
    return {
      stdout: stdout.bytes().toString(),
      stderr: stderr.bytes().toString(),
      isCut: stdout.isCut || stderr.isCut,
    };
  }
}

/** The output of a machine below its name, when it has ended. */
export class Grouped extends Kept {
  readonly #sink: ExecSink;
  #before: Promise<void> = Promise.resolve();

  constructor(sink: ExecSink) {
    super();
    this.#sink = sink;
  }

  override async ended(result: Parameters<ExecListener['ended']>[0]): Promise<void> {
    this.#before = this.#before.then(() => this.#show(result));
    await this.#before;
  }

  async #show(result: Parameters<ExecListener['ended']>[0]): Promise<void> {
    const { isForPeople, write } = this.#sink;
    await write('stdout', execTitle(result));
    const tails = this.tails.get(result.name)!;
    for (const stream of streams) {
      const { isCut } = tails[stream];
      if (isCut) await write('stderr', `${result.name}: only the last MiB of its ${stream}:\n`);
      const [lines, bytes] = [new ExecLines('', isForPeople(stream)), tails[stream].bytes()];
      await write(stream, lines.push(bytes));
      await write(stream, lines.end());
      // Or the next title would stand behind it.
      if (!isForPeople(stream) && bytes.length > 0 && bytes.at(-1) !== 10)
        await write(stream, '\n');
    }
    this.tails.delete(result.name);
  }
}
