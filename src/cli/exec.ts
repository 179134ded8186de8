import { type ExecListener, exec } from '../app/exec.ts';
import { worstOf } from '../model/exec-result.ts';
import { documentText, type ExecOutput, execDocument } from '../report/documents.ts';
import { ExecLines, execFailure, execPrefixes, execTitle } from '../report/exec-text.ts';
import { isCi } from './ask.ts';
import { duration, type Invocation, refusePointless, usageError, userName } from './options.ts';
import { realPorts } from './ports.ts';
import { Tail } from './tail.ts';

export interface ExecOptions {
  readonly user?: string;
  readonly timeout?: string;
  readonly stdin?: boolean;
  readonly group?: boolean;
  readonly json?: boolean;
}

type Stream = 'stdout' | 'stderr';
const streams: readonly Stream[] = ['stdout', 'stderr'];

/** Bytes that each machine is given, and of each output that are kept until it has ended. */
const most = { stdin: 64 * 1024 * 1024, kept: 1024 * 1024 };

/** `fleet exec SEL [--user U] [--timeout D] [--stdin] [--group] [--json] -- CMD…`; exits with the worst exit code. */
export async function execCommand(
  { common, signal, tell, rest }: Invocation,
  options: ExecOptions,
  words: readonly string[],
): Promise<number> {
  const { selector, command } = asked(words, rest);
  const { group = false, json = false, timeout = '10m' } = options;
  if (json) refusePointless(options, ['--group'], '--json has the output of each as a whole.');
  const timeoutMs = duration('--timeout', timeout);
  const user = userName(options.user);
  const ports = await realPorts(common);
  const stdin = options.stdin ? await input(process.stdin) : undefined;
  // Whoever reads may have seen enough.
  const gone = new AbortController();
  process.stdout.once('error', () => gone.abort());
  const listener = json ? new Kept() : group ? new Grouped() : new Live();
  const given = { where: common, selector, command, user, stdin, timeoutMs };
  const results = await exec(ports, given, listener, tell, AbortSignal.any([signal, gone.signal]));
  if (listener instanceof Kept && json)
    process.stdout.write(documentText(execDocument(results, (name) => listener.of(name))));
  else
    for (const result of results) process.stderr.write(execFailure(result, results.length === 1));
  return worstOf(results);
}

/** @throws FleetError `exec.no-command`, `exec.selector`: a word too many would be run there */
function asked(
  words: readonly string[],
  rest: readonly string[] | undefined,
): { selector: string; command: string } {
  const example = 'For instance: fleet exec web1,web2 -- uptime';
  if (rest === undefined || rest.length === 0)
    throw usageError('exec.no-command', 'there is no command: it stands behind --', example);
  const [selector = '', ...more] = words.slice(0, words.length - rest.length);
  if (selector === '' || more.length > 0)
    throw usageError('exec.selector', 'before -- stands one selector: names with commas', example);
  return { selector, command: rest.join(' ') };
}

/** @throws FleetError `exec.stdin` */
async function input(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > most.stdin)
      throw usageError('exec.stdin', `standard input is more than ${most.stdin / 1024 ** 2} MiB`);
    chunks.push(Buffer.from(chunk as Buffer));
  }
  return Buffer.concat(chunks);
}

/** For a terminal and a log, only text; for a program, the bytes. docs/decisions/reach.md */
const isForPeople = (stream: Stream): boolean => process[stream].isTTY === true || isCi();

/** A reader that is slow is waited for, and with it the commands. */
function write(stream: Stream, text: string | Buffer): Promise<void> {
  if (text.length === 0) return Promise.resolve();
  return new Promise((done) => void process[stream].write(text, () => done()));
}

/** Lines as they come. */
class Live implements ExecListener {
  readonly #lines = new Map<string, Record<Stream, ExecLines>>();

  begin(machines: readonly string[]): void {
    for (const [name, prefix] of execPrefixes(machines))
      this.#lines.set(name, {
        stdout: new ExecLines(prefix, isForPeople('stdout')),
        stderr: new ExecLines(prefix, isForPeople('stderr')),
      });
  }

  output(machine: string, stream: Stream, chunk: Buffer): Promise<void> {
    return write(stream, this.#lines.get(machine)?.[stream].push(chunk) ?? '');
  }

  async ended({ name }: { readonly name: string }): Promise<void> {
    for (const stream of streams) await write(stream, this.#lines.get(name)?.[stream].end() ?? '');
  }
}

/** The end of what each machine said. */
class Kept implements ExecListener {
  protected readonly tails = new Map<string, Record<Stream, Tail>>();

  begin(machines: readonly string[]): void {
    for (const name of machines)
      this.tails.set(name, { stdout: new Tail(most.kept), stderr: new Tail(most.kept) });
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
class Grouped extends Kept {
  #before: Promise<void> = Promise.resolve();

  override async ended(result: Parameters<ExecListener['ended']>[0]): Promise<void> {
    this.#before = this.#before.then(() => this.#show(result));
    await this.#before;
  }

  async #show(result: Parameters<ExecListener['ended']>[0]): Promise<void> {
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
