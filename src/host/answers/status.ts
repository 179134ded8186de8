import type { Facts } from '../../model/facts.ts';
import type { SpoolEvent } from '../../model/spool-event.ts';
import type {
  Ends,
  Figures,
  GuestUse,
  Known,
  LastExit,
  PastEnd,
  Said,
  UnitStory,
  VmState,
} from '../../model/status.ts';
import { clip } from './clip.ts';
import { parseSpoolEvent } from './events.ts';
import { parseFacts } from './facts.ts';
import * as shape from './shape.ts';
import { guestIn } from './top.ts';

/** Facts, and what a person on call asks besides. */
export interface Seen {
  readonly facts: Facts;
  readonly figures: Figures;
}

/** Ends the answer of facts.sh. */
const end = '\n== end\n';

/** Reads what status.sh printed. @throws FleetError `facts.unreadable`, `status.unreadable` */
export function parseStatus(text: string): Seen {
  const at = text.lastIndexOf(end);
  // Whatever is wrong with the first part, whoever reads it says.
  const facts = parseFacts(at < 0 ? text : text.slice(0, at + end.length));
  return shape.understand('status.unreadable', text, () => ({
    facts,
    figures: readFigures(text.slice(at + end.length)),
  }));
}

function readFigures(text: string): Figures {
  const rows = shape.Rows.in(text);
  if (!text.trimEnd().endsWith('\nend') && text.trim() !== 'end') throw new Error('it is cut off');
  const number = (word: string) => quantity(rows.of(word)[0]?.[0]);
  const [from, to] = [number('from'), number('to')];
  const journal = rows.firsts('journal');
  const release = rows.firsts('release')[0];
  const watched = number('watched');
  return {
    uptime: to === undefined ? undefined : Math.floor(to / 1000),
    load: (rows.of('load')[0] ?? []).map(Number).filter(Number.isFinite),
    release: release && shape.words(release),
    guests: uses(rows, from !== undefined && to !== undefined ? to - from : 0),
    ends: endsOf(journal),
    known: knownOf(rows),
    orphans: rows
      .of('orphan')
      .map(([what = '', name = '']) => ({ what: clip(what, 20), name: clip(name, 200) })),
    ...(watched !== undefined && { watched }),
    endsCut: journal.length >= 4000 || journal.includes('cut'),
    // Of a roll-back there is no commit.
    past: rows
      .of('past')
      .filter(([, , commit]) => shape.isName(commit))
      .map(([id, operator, commit = '', started, result, failure, blames]) => ({
        id: shape.name(id, 'id of a deployment'),
        operator: shape.words(operator),
        commit,
        started: shape.time(started, 'time at which a deployment began'),
        ...(result && { result: shape.words(result) }),
        ...(failure && { failure: shape.words(failure) }),
        ...(failure && { isOfCommit: blames === 'commit' }),
      })),
    phases: new Map(
      rows
        .of('phase')
        .filter(([, time]) => shape.isTime(time))
        .map(([id, time, , name, word]) => [
          shape.name(id, 'id of a deployment'),
          { name: shape.words(name), since: Number(time), runs: word === 'begin' },
        ]),
    ),
  };
}

/** What is counted; undefined for what is not said, or is no number. */
function quantity(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** @param ms between both looks */
function uses(rows: shape.Rows, ms: number): Map<string, GuestUse> {
  const before = new Map(rows.of('before').map(([name, spent]) => [name, quantity(spent)]));
  return new Map(
    rows.of('after').map(([name, text, bytes]) => {
      const [first, spent, memory] = [before.get(name), quantity(text), quantity(bytes)];
      const microseconds = first === undefined || spent === undefined ? -1 : spent - first;
      return [
        shape.name(name, 'name of a vm'),
        {
          ...(memory !== undefined && { memoryKiB: Math.round(memory / 1024) }),
          ...(ms > 0 && microseconds >= 0 && { cpuPercent: Math.round(microseconds / ms / 10) }),
        },
      ];
    }),
  );
}

const states: readonly string[] = [
  'Starting',
  'Ready',
  'Busy',
  'Idle',
  'Draining',
  'Terminated',
  'Failed',
];

/** Only what is understood: an older generation has none of it, a newer one may have more. */
function knownOf(rows: shape.Rows): Map<string, Known> {
  const found = new Map<string, Known>();
  const guests = Map.groupBy(rows.of('known'), ([name]) => name);
  const lastEnds = new Map(rows.of('lastend').map(([name, json]) => [name, endIn(json)]));
  for (const [name, of] of guests) {
    const said = new Map(of.map(([, key, value]) => [key, value]));
    const state = said.get('state');
    if (!shape.isName(name) || state === undefined || !states.includes(state)) continue;
    const [since, lastHealthy] = [quantity(said.get('since')), quantity(said.get('lastHealthy'))];
    const why = said.get('why');
    const ownEnd = endOfRecord(said.get('ended'), said.get('lastEnd'));
    const lastEnd = ownEnd ?? lastEnds.get(name);
    const restarts = quantity(said.get('restarts')) ?? 0;
    const times = timesIn(said.get('returned'));
    // An older generation wrote the last end: it counts restarts, and does not go on with their times.
    const lately = times.filter((at) => (lastEnd?.at ?? at) - at < 86_400);
    const returned = ownEnd || !lastEnd || restarts <= lately.length ? times : [];
    const [health, invocation = ''] = [said.get('health'), said.get('invocation')];
    found.set(name, {
      ...{ state: state as VmState, restarts },
      ...((health === 'ok' || health === 'failing' || health === 'unknown') && { health }),
      ...(/^[0-9a-f]{1,32}$/.test(invocation) && { invocation }),
      ...(since !== undefined && { since }),
      ...(why && { why: shape.words(why) }),
      ...(lastHealthy !== undefined && { lastHealthy }),
      ...(returned.length > 0 && { returned }),
      ...(lastEnd && { lastEnd }),
    });
  }
  return found;
}

const timesIn = (text = ''): number[] => text.split(' ').flatMap((at) => quantity(at) ?? []);

/** `ID AT WHO WHY`. One with another id than the last end is of an end before: an older generation wrote the last. */
function endOfRecord(text: string | undefined, id = '-'): Known['lastEnd'] {
  const [, of, at = '', who = '', why = ''] = /^(\S+) (\d+) (\S+) (.*)$/.exec(text ?? '') ?? [];
  const seconds = quantity(at);
  if (of !== id || seconds === undefined) return undefined;
  return { at: seconds, who: shape.words(who), why: shape.words(why) };
}

/** An event of the spool that tells of an end. */
function endIn(json: string | undefined): Known['lastEnd'] {
  try {
    const { at, who, why } = JSON.parse(json ?? '');
    if (typeof at !== 'number' || typeof who !== 'string' || typeof why !== 'string')
      return undefined;
    return { at, who: shape.words(who), why: shape.words(why) };
  } catch {
    return undefined;
  }
}

const line = /^(\d{1,12})\.\d+ systemd\[1\]: microvm@([a-z0-9-]{1,64})\.service: (.*)$/;
const exited =
  /^(Main|Control) process exited, code=(exited|killed|dumped), status=(\d{1,3})(?:\/([A-Z0-9]+))?/;

/** What systemd's lines come to, the oldest first. */
function endsOf(lines: readonly string[]): Map<string, Ends> {
  const found = new Map<string, Ends>();
  const returns = new Map<string, number[]>();
  for (const text of lines) {
    const [, time, name = '', says = ''] = line.exec(text) ?? [];
    if (time === undefined) continue;
    const { last, ...before } = found.get(name) ?? { restarts: 0 };
    if (says.startsWith('Scheduled restart job')) {
      shape.push(returns, name, Number(time));
      const restarts = before.restarts + 1;
      found.set(name, { restarts, ...(last && { last: { ...last, broughtBack: true } }) });
      continue;
    }
    const ended = exitOf(Number(time), says, last);
    found.set(name, { ...before, ...(ended && { last: ended }) });
  }
  for (const [name, times] of returns) {
    const lately = times.filter((time) => time > (times.at(-1) ?? 0) - burst).length;
    found.set(name, { ...(found.get(name) as Ends), lately });
  }
  return found;
}

/** Seconds in which several returns are a loop. */
const burst = 600;

/** One end takes several lines: that the kernel took the memory comes before or after how the process exited. */
function exitOf(at: number, says: string, before: LastExit | undefined): LastExit | undefined {
  const isSame = before !== undefined && !before.broughtBack && at - before.at <= 2;
  const [, which, how, status, signal] = exited.exec(says) ?? [];
  // What is run before and after a guest (ExecStartPre=) may fail, too: where the guest itself has ended, that counts.
  const isAfter = isSame && (before.code ?? before.signal) !== undefined;
  if (how !== undefined && !(which === 'Control' && isAfter)) {
    const outOfMemory = isSame && before.code === undefined && before.outOfMemory;
    return how === 'exited'
      ? { at, code: Number(status) }
      : { at, signal: signal ?? String(status), ...(outOfMemory && { outOfMemory }) };
  }
  if (/killed by the OOM killer|Failed with result 'oom-kill'/.test(says))
    return isSame ? { ...before, outOfMemory: true } : { at, outOfMemory: true };
  if (/^Deactivated successfully|^Succeeded/.test(says)) return isSame ? before : { at, code: 0 };
  return before;
}

/** Reads what story.sh printed, the oldest first. */
export function parseStory(text: string): UnitStory {
  const rows = text.split('\n').map((row) => row.split('\t'));
  const of = (word: string) =>
    rows.filter(([first]) => first === word).map(([, ...rest]) => clip(rest.join(' '), 300));
  return {
    events: of('event').flatMap((event): Said[] => {
      const [, time, says] = /^(\d{1,12})\.\d+ systemd\[1\]: (.*)$/.exec(event) ?? [];
      return says === undefined ? [] : [{ at: Number(time), text: says }];
    }),
    happened: rows.flatMap(([word, ...json]) => (word === 'spool' ? eventIn(json.join('\t')) : [])),
    lines: of('line'),
    ends: rows.flatMap(endOf),
    dumps: rows.flatMap(([word, file = '', bytes = '']) =>
      word === 'dump' && /^[\w.-]{1,100}$/.test(file) && isCount(bytes)
        ? [{ file, bytes: Number(bytes) }]
        : [],
    ),
    cores: rows.flatMap(([word, at = '', signal = '']) =>
      word === 'core' && isCount(at) && isCount(signal)
        ? [{ at: Number(at), signal: Number(signal) }]
        : [],
    ),
    ...insideOf(rows.find(([word]) => word === 'inside')?.[1]),
  };
}

/** One that cannot be read is left out: what it would tell is not all that is told. */
function eventIn(json: string): SpoolEvent[] {
  try {
    return [parseSpoolEvent(json)];
  } catch {
    return [];
  }
}

/** One that cannot be read is as none. */
function insideOf(text: string | undefined): Pick<UnitStory, 'inside'> {
  if (text === undefined) return {};
  try {
    return { inside: guestIn(shape.objects([JSON.parse(text)], 'agent')[0] ?? {}) };
  } catch {
    return {};
  }
}

const isCount = (text: string): boolean => /^\d{1,15}$/.test(text);

function endOf([
  word,
  unit = '',
  at = '',
  who = '',
  why = '',
  ran = '',
  _,
  last = '',
]: readonly string[]): PastEnd[] {
  if (word !== 'end' || !isCount(at)) return [];
  return [
    {
      ...{ unit: clip(unit, 100), at: Number(at), who: clip(who, 20), why: clip(why, 300) },
      ...(isCount(ran) && { ran: Number(ran) }),
      ...(last !== '' && { last: clip(last, 300) }),
    },
  ];
}
