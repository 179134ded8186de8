import type { DeployEvent } from '../deploy/events.ts';
import { plainReporter } from '../report/plain.ts';

/** Progress on standard error: a live list on a terminal, plain lines elsewhere. */
export async function liveReporter(
  hypervisors: readonly string[],
): Promise<{ emit: (event: DeployEvent) => void; finish(): Promise<void> }> {
  if (process.stderr.isTTY && !process.env.CI) {
    const { terminalReporter } = await import('../report/terminal.ts');
    return terminalReporter(hypervisors);
  }
  return {
    emit: plainReporter((text) => process.stderr.write(text)),
    finish: async () => undefined,
  };
}
