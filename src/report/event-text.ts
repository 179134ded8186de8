import type { EventBody } from '../model/events.ts';
import type { Failure } from '../model/failure.ts';

export type Checks = EventBody & { readonly type: 'checks' };

/** Checks that are named on one line. */
const named = 3;

/** `web1 answers: waiting, 12 s of 30 s` */
export function waitingText({ target, checks, ms = 0, limitMs }: Checks): string {
  const names = checks.slice(0, named).map(({ check }) => check);
  if (checks.length > named) names.push('…');
  const limit = limitMs === undefined ? '' : ` of ${Math.round(limitMs / 1000)} s`;
  return `${target} ${names.join(', ')}: waiting, ${Math.floor(ms / 1000)} s${limit}`;
}

/** What a person has to be told in words; undefined for everything else. */
export function noteText(event: EventBody): string | undefined {
  if (event.type === 'failure') return `failed: ${event.failure.message}${seenText(event.failure)}`;
  return event.type === 'note' || event.type === 'warning' ? event.text : undefined;
}

/** The reason: the first check that failed. */
function seenText({ checks: [first, ...more] = [] }: Failure): string {
  if (!first) return '';
  const others = more.length > 0 ? `, and ${more.length} more` : '';
  return `: ${first.check}: expected ${first.expected}, seen ${first.seen}${others}`;
}
