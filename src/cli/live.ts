import type { Emit, EventBody } from '../model/events.ts';
import { takeUp } from '../model/take-up.ts';
import { plainReporter } from '../report/plain.ts';
import { isCi } from './ask.ts';
import { tell } from './tell.ts';

/** Who shows how a rollout goes, and knows how far it is. */
export interface Live {
  readonly emit: (event: EventBody) => void;
  finish(): Promise<void>;
  /** What becomes of the rollout when a person asks to stop now. */
  readonly becomes: () => string;
}

/** What is left of a deployment when fleet leaves at once. */
type Left = Pick<EventBody & { readonly type: 'deployment' }, 'id' | 'operation' | 'confirm'>;

/** Shows what `work` tells on standard error: before its deployment begins in lines, then as `liveReporter` does. */
export async function shownLive<T>(work: (emit: Emit) => Promise<T>): Promise<T> {
  const make = await reporter();
  let live: Live | undefined;
  const emit: Emit = (event) => {
    if (event.type === 'deployment') live = liveWith(make(event.hypervisors), event);
    if (!live) tell(event);
    else if (event.type === 'cancelling') process.stderr.write(`\n${live.becomes()}\n`);
    else live.emit(event);
  };
  try {
    return await work(emit);
  } finally {
    await live?.finish();
  }
}

/** Progress on standard error: a live list on a terminal, plain lines elsewhere. */
export async function liveReporter(hypervisors: readonly string[], left?: Left): Promise<Live> {
  const make = await reporter();
  return liveWith(make(hypervisors), left);
}

function liveWith(shown: Shown, left?: Left): Live {
  /** How far each is that has begun. */
  const states = new Map<string, 'working' | 'confirming' | 'done' | 'over'>();
  let isGitTold = false;
  // Whoever leaves at once, by Ctrl-C again, is told by what it can be taken up.
  const onExit = () => {
    const open = [...states].flatMap(([name, s]) =>
      ['working', 'confirming'].includes(s) ? [name] : [],
    );
    if (left && open.length > 0) process.stderr.write(`\n${leftText(open, left)}\n`);
  };
  process.once('exit', onExit);
  return {
    finish: async () => {
      process.off('exit', onExit);
      await shown.finish();
    },
    emit: (event) => {
      if (event.type === 'hypervisor') {
        const { hypervisor, state } = event;
        const end = state === 'end' && (event.outcome === 'done' ? 'done' : 'over');
        states.set(hypervisor, end || (state === 'confirming' ? state : 'working'));
      }
      if (event.type === 'git') isGitTold = event.state === 'begin';
      shown.emit(event);
    },
    becomes: () => {
      const are = (...wanted: string[]) =>
        [...states].flatMap(([name, state]) => (wanted.includes(state) ? [name] : []));
      if (states.size === 0)
        return 'Interrupted before any hypervisor was changed: releasing their locks.';
      if (are('working', 'confirming').length === 0) {
        if (!isGitTold) return 'Every hypervisor is done: releasing their locks.';
        return 'Every hypervisor is done; recording it in git. Ctrl-C again skips that.';
      }
      if (are('working').length === 0)
        return (
          `Interrupted after the last check: confirming ${are('confirming').join(', ')}; nothing is rolled back.\n` +
          'Ctrl-C again leaves at once; one that is not confirmed by then rolls back by itself.'
        );
      const kept = are('confirming', 'done').join(', ');
      return [
        'Interrupted: finishing the current step, then rolling back.',
        ...(kept ? [`Confirmed already, and not rolled back: ${kept}.`] : []),
        'Ctrl-C again leaves at once; hypervisors that are not confirmed then roll back by themselves.',
      ].join('\n');
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

type Shown = Omit<Live, 'becomes'>;

async function reporter(): Promise<(hypervisors: readonly string[]) => Shown> {
  // A serial console, or `docker exec`, may not say how wide it is: a list would have a letter on each line.
  if (process.stderr.isTTY && process.stderr.columns > 0 && !isCi()) {
    const { terminalReporter } = await import('../report/terminal.ts');
    return (hypervisors) => terminalReporter(hypervisors, process.stderr);
  }
  return () => ({
    emit: plainReporter((text) => process.stderr.write(text)),
    finish: async () => undefined,
  });
}
