import type { DeployEvent } from '../model/events.ts';
import { plainReporter } from '../report/plain.ts';

/** Who shows how a rollout goes, and knows how far it is. */
export interface Live {
  readonly emit: (event: DeployEvent) => void;
  finish(): Promise<void>;
  /** What becomes of the rollout when a person asks to stop now. */
  readonly becomes: () => string;
}

/** Progress on standard error: a live list on a terminal, plain lines elsewhere. */
export async function liveReporter(hypervisors: readonly string[]): Promise<Live> {
  const shown = await reporter(hypervisors);
  let left = 0;
  let hasBegun = false;
  let isGitTold = false;
  return {
    finish: () => shown.finish(),
    emit: (event) => {
      if (event.type === 'hypervisor') {
        left += event.state === 'begin' ? 1 : -1;
        hasBegun = true;
      }
      if (event.type === 'git') isGitTold = event.state === 'begin';
      shown.emit(event);
    },
    becomes: () => {
      if (!hasBegun) return 'Interrupted before any hypervisor was changed: releasing their locks.';
      if (left === 0 && !isGitTold) return 'Every hypervisor is done: releasing their locks.';
      if (left === 0)
        return 'Every hypervisor is done; recording it in git. Ctrl-C again skips that.';
      return (
        'Interrupted: finishing the current step, then rolling back.\n' +
        'Ctrl-C again leaves at once; hypervisors then roll back by themselves.'
      );
    },
  };
}

async function reporter(hypervisors: readonly string[]): Promise<Omit<Live, 'becomes'>> {
  // A serial console, or `docker exec`, may not say how wide it is: a list would have a letter on each line.
  if (process.stderr.isTTY && process.stderr.columns > 0 && !process.env.CI) {
    const { terminalReporter } = await import('../report/terminal.ts');
    return terminalReporter(hypervisors);
  }
  return {
    emit: plainReporter((text) => process.stderr.write(text)),
    finish: async () => undefined,
  };
}
