import type { Emit } from '../model/events.ts';
import { saidBy } from '../model/said-by.ts';

/** Of a command that shows no deployment: what is said to whoever waits. */
export const tell: Emit = (event) => {
  if (event.type !== 'note' && event.type !== 'warning') return;
  const { hypervisor, text } = event;
  process.stderr.write(
    `${hypervisor === undefined ? text : saidBy(hypervisor, new Error(text))}\n`,
  );
};
