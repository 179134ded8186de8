import type { Emit, EventBody } from '../model/events.ts';
import { takeUp } from '../model/take-up.ts';
import { HowFar } from '../report/how-far.ts';
import { plainReporter } from '../report/plain.ts';
import { isCi } from './ask.ts';
import type { EventStream } from './stream.ts';
import { tell } from './tell.ts';

/** Who shows how a rollout goes. */
export interface Live {
  readonly emit: Emit;
  /** Resolves when the last line stands. */
  finish(): Promise<void>;
}

/** What is left of a deployment when fleet leaves at once. */
type Left = Pick<EventBody & { readonly type: 'deployment' }, 'id' | 'operation' | 'confirm'>;

/**
 * Shows what `work` tells on standard error: before its deployment begins in lines, then as `liveReporter` does.
 * @param stream is told all of it, too
 */
export async function shownLive<T>(
  work: (emit: Emit) => Promise<T>,
  stream?: EventStream,
): Promise<T> {
  const make = await reporter(stream !== undefined);
  let live: Live | undefined;
  const emit: Emit = (event) => {
    if (event.type === 'deployment') live = liveWith(make(event.hypervisors), event);
    if (live) live.emit(event);
    else tell(event);
  };
  try {
    return await work(stream ? stream.beside(emit) : emit);
  } finally {
    await live?.finish();
  }
}

/** Progress on standard error: a live list on a terminal, plain lines elsewhere. */
export async function liveReporter(hypervisors: readonly string[], left?: Left): Promise<Live> {
  const make = await reporter(false);
  return liveWith(make(hypervisors), left);
}

function liveWith(shown: Live, left?: Left): Live {
  const far = new HowFar();
  // Whoever leaves at once, by Ctrl-C again, is told by what it can be taken up.
  const onExit = () => {
    if (left && far.open.length > 0) process.stderr.write(`\n${leftText(far.open, left)}\n`);
  };
  process.once('exit', onExit);
  return {
    finish: async () => {
      process.off('exit', onExit);
      await shown.finish();
    },
    emit: (event) => {
      far.heed(event);
      shown.emit(event);
    },
  };
}

/** What becomes of a deployment that nobody waits for. @param confirm in ms */
function leftText(hypervisors: readonly string[], left: Left): string {
  return [
    `Deployment ${left.id} is not ended. ${hypervisors.join(', ')}: rolled back without fleet within ${left.confirm / 1000} s, once the current step has ended.`,
    `Until then: ${takeUp(left)}.`,
  ].join('\n');
}

async function reporter(isStreamed: boolean): Promise<(hypervisors: readonly string[]) => Live> {
  // A serial console, or `docker exec`, may not say how wide it is: a list would have a letter on each line.
  // Beside a stream of events, which may be on the same terminal, no cursor is moved.
  if (process.stderr.isTTY && process.stderr.columns > 0 && !isCi() && !isStreamed) {
    const { terminalReporter } = await import('../report/terminal.ts');
    return (hypervisors) => terminalReporter(hypervisors, process.stderr);
  }
  return () => ({
    emit: plainReporter((text) => process.stderr.write(text)),
    finish: async () => undefined,
  });
}
