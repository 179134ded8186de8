import type { EventBody } from '../model/events.ts';
import { outcomeWords } from '../model/result.ts';
import { passed } from './checks-text.ts';
import { type Checks, noteText, waitingText } from './event-text.ts';
import { HowFar } from './how-far.ts';

/** Ms that a check is waited for before a log tells of it, and between two such lines. */
const pause = 10_000;

/**
 * One line for everything that happens: logs of CI, pipes, files. What it writes follows from what it is told
 * alone: events that were kept give the same text again.
 * @param quiet only what somebody has to know at once
 */
export function plainReporter(
  write: (text: string) => void,
  quiet = false,
): (event: EventBody) => void {
  const isTime = waitingNow();
  const far = new HowFar();
  return (event) => {
    far.heed(event);
    if (event.type === 'cancelling') return write(`\n${far.becomes()}\n`);
    if (quiet && event.type !== 'failure' && event.type !== 'warning') return;
    const line = event.type === 'checks' && !isTime(event) ? undefined : plainLine(event);
    if (line === undefined) return;
    const who = event.type === 'git' ? event.remote : 'hypervisor' in event && event.hypervisor;
    write(who ? `${who}: ${line}\n` : `${line}\n`);
  };
}

/** Whether waiting for these checks is told of now: it is told a second at a time. */
function waitingNow(): (event: Checks) => boolean {
  const told = new Map<string, number>();
  return ({ hypervisor, target, state, ms = 0 }) => {
    const key = `${hypervisor} ${target}`;
    const last = told.get(key) ?? 0;
    // Less than before: it waits for something else.
    if (state !== 'waiting' || ms < last) told.delete(key);
    if (state !== 'waiting') return true;
    if (ms - (told.get(key) ?? 0) < pause) return false;
    told.set(key, ms);
    return true;
  };
}

function plainLine(event: EventBody): string | undefined {
  switch (event.type) {
    case 'hypervisor':
      return event.state === 'end' ? outcomeWords(event.outcome) : undefined;
    case 'git':
    case 'step':
      if (event.state === 'begin') return event.step;
      return `${event.step}: ${event.state} (${((event.ms ?? 0) / 1000).toFixed(1)} s)`;
    case 'output':
      return `  ${event.line}`;
    case 'checks':
      if (event.state === 'passed') return `${event.target} healthy: ${passed(event.checks)}`;
      return event.state === 'waiting' ? `${waitingText(event)}${expectedText(event)}` : undefined;
    default:
      return noteText(event);
  }
}

function expectedText({ checks: [first] }: Checks): string {
  return first ? ` (expected ${first.expected}, seen ${first.seen})` : '';
}
