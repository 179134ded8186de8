import { expect, test } from 'vitest';
import { type Event, type EventBody, phases } from '../../src/model/events.ts';
import { stamping } from '../../src/model/stamp.ts';
import { eventLine } from '../../src/report/ndjson.ts';
import { problemsOf, schemas } from './json-schema.ts';

function stamped(body: EventBody): Event {
  const events: Event[] = [];
  stamping((event) => events.push(event), { now: () => 0 }, 'id-1')(body);
  return events[0] as Event;
}
const note = (text: string) => stamped({ type: 'note', text });

test('an event is one line of JSON that says its version first', () => {
  const line = eventLine(note('two\nlines'));
  expect(line).toBe(
    '{"version":1,"time":"1970-01-01T00:00:00.000Z","deployment":"id-1","phase":"survey","type":"note","text":"two\\nlines"}\n',
  );
});

test('the schema knows every phase', () => {
  expect(schemas.event.definitions.Phase?.enum).toEqual(phases);
});

test('the schema refuses what an event cannot be', () => {
  expect(problemsOf(note('x'))).toEqual([]);
  for (const wrong of [
    { version: 2 },
    { time: 'now' },
    { phase: 'lunch' },
    { type: 'rumour' },
    { text: undefined },
    { unknown: 1 },
  ])
    expect(problemsOf(JSON.parse(JSON.stringify({ ...note('x'), ...wrong })))).not.toEqual([]);
});
