import type { DeployEvent } from '../model/events.ts';
import { passed } from './checks-text.ts';

/** One line for everything that happens: logs of CI, pipes, files. */
export function plainReporter(write: (text: string) => void): (event: DeployEvent) => void {
  return (event) => {
    const line = plainLine(event);
    const who = event.type === 'git' ? event.remote : event.hypervisor;
    if (line !== undefined) write(`${who}: ${line}\n`);
  };
}

function plainLine(event: DeployEvent): string | undefined {
  switch (event.type) {
    case 'hypervisor':
      return event.state === 'end' ? event.result : undefined;
    case 'git':
    case 'step':
      if (event.state === 'begin') return event.step;
      return `${event.step}: ${event.state} (${((event.ms ?? 0) / 1000).toFixed(1)} s)`;
    case 'note':
      return event.text;
    case 'output':
      return `  ${event.line}`;
    case 'checked':
      return `${event.target} healthy: ${passed(event.checks)}`;
  }
}
