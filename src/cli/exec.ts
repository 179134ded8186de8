import { exec } from '../app/exec.ts';
import { worstOf } from '../model/exec-result.ts';
import { documentText, execDocument } from '../report/documents.ts';
import { type ExecSink, Grouped, Kept, Live } from '../report/exec-output.ts';
import { execFailure } from '../report/exec-text.ts';
import { isCi } from './ask.ts';
import { duration, type Invocation, refusePointless, usageError, userName } from './options.ts';
import { realPorts } from './ports.ts';
import { readerGone, write } from './reader.ts';

export interface ExecOptions {
  readonly user?: string;
  readonly timeout?: string;
  readonly stdin?: boolean;
  readonly group?: boolean;
  readonly json?: boolean;
}

const sink: ExecSink = {
  write,
  isForPeople: (stream) => process[stream].isTTY === true || isCi(),
};

/** Bytes that each machine is given. */
const most = 64 * 1024 * 1024;

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
  const gone = readerGone();
  const listener = json ? new Kept() : group ? new Grouped(sink) : new Live(sink);
  const given = { where: common, selector, command, user, stdin, timeoutMs };
  const results = await exec(ports, given, listener, tell, AbortSignal.any([signal, gone]));
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
    if (bytes > most)
      throw usageError('exec.stdin', `standard input is more than ${most / 1024 ** 2} MiB`);
    chunks.push(Buffer.from(chunk as Buffer));
  }
  return Buffer.concat(chunks);
}
