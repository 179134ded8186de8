import type { Emit } from '../model/events.ts';
import { HowFar } from '../report/how-far.ts';
import { plainReporter } from '../report/plain.ts';
import type { LiveReporter } from '../report/terminal.ts';
import { canMoveCursor } from './ask.ts';
import type { CommonOptions, Invocation } from './options.ts';

/**
 * Shows on standard error what `work` tells: before its deployment begins in lines, then in a live list on a terminal
 * and in plain lines elsewhere. The stream, where there is one, is told all of it, too.
 * @param at hypervisors at which it works from the beginning, where no deployment names them
 */
export async function shownLive<T>(
  work: (emit: Emit) => Promise<T>,
  { common, stream, tell }: Omit<Invocation, 'signal' | 'program'>,
  at?: readonly string[],
): Promise<T> {
  const make = await reporter(common, stream !== undefined);
  const far = new HowFar();
  let live = at && make(at);
  const emit: Emit = (event) => {
    far.heed(event);
    if (event.type === 'deployment') live ??= make(event.hypervisors);
    if (live) live.emit(event);
    else tell(event);
  };
  // Whoever leaves at once, by Ctrl-C again, is told by what it can be taken up.
  const onExit = () => {
    live?.finish();
    const left = far.left();
    if (left !== undefined) process.stderr.write(`\n${left}\n`);
  };
  process.once('exit', onExit);
  try {
    return await work(stream ? stream.beside(emit) : emit);
  } finally {
    process.off('exit', onExit);
    live?.finish();
  }
}

async function reporter(
  common: CommonOptions,
  isStreamed: boolean,
): Promise<(of: readonly string[]) => LiveReporter> {
  // Beside a stream of events, which may be on the same terminal, no cursor is moved.
  if (!isStreamed && canMoveCursor(common)) {
    const { terminalReporter } = await import('../report/terminal.ts');
    return (hypervisors) => terminalReporter(hypervisors, process.stderr);
  }
  return () => ({
    emit: plainReporter((text) => process.stderr.write(text), common.quiet),
    finish: () => {},
  });
}
