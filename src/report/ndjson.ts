import type { Event } from '../model/events.ts';

/** An event as programs read it: one line of JSON, schemas/event.schema.json. */
export function eventLine(event: Event): string {
  return `${JSON.stringify(event)}\n`;
}
