import type { Emit } from '../model/events.ts';
import { saidBy } from '../model/said-by.ts';
import { wrapHint } from '../report/wrap.ts';
import type { CommonOptions } from './options.ts';

/** Of a command that shows no deployment: what is said to whoever waits; with --quiet only what must be known. */
export function teller({ quiet }: CommonOptions): Emit {
  return (event) => {
    if (event.type !== 'warning' && (event.type !== 'note' || quiet)) return;
    const { hypervisor, text } = event;
    const line = hypervisor === undefined ? text : saidBy(hypervisor, new Error(text));
    // A terminal would break it within words; elsewhere it is a line of a log.
    process.stderr.write(`${process.stderr.isTTY ? wrapHint(line, 0) : line}\n`);
  };
}
