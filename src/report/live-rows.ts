import type { EventBody } from '../model/events.ts';
import { plainLine } from '../model/plain-text.ts';
import { waitingText } from './event-text.ts';

/** Done; failed; not begun, or rolled back with the others; at work. */
export type Mark = 'done' | 'failed' | 'untouched' | 'working';

export interface Row {
  readonly mark: Mark | undefined;
  readonly text: string;
}

interface Member {
  state: 'waiting' | 'working' | 'done' | 'failed' | 'untouched';
  /** What it is at: its steps, and what is looked at; in words, and since when, unless these say so themselves. */
  readonly at: Map<string, { readonly doing: string; readonly since?: number }>;
  /** What it is said to be at when that is nothing. */
  last: string;
  /** Guests that it brings up, and which of them are. */
  guests: readonly string[];
  readonly up: Set<string>;
  /** The last line that its step printed. */
  said: string;
  reason: string | undefined;
}

/** What of a deployment is under way: how each hypervisor that works or failed is, and how many others there are. */
export class LiveRows {
  readonly #members = new Map<string, Member>();
  readonly #began: number;
  #git: { readonly text: string; readonly since: number } | undefined;

  /** @param now ms, as of all times here */
  constructor(hypervisors: readonly string[], now: number) {
    this.#began = now;
    for (const name of hypervisors) this.#of(name);
  }

  heed(event: EventBody, now: number): void {
    if (event.type === 'git')
      this.#git =
        event.state === 'begin'
          ? { text: `${event.remote}: ${event.step}`, since: now }
          : undefined;
    // Where vms restart, one may come after other work, which has ended.
    if (event.type === 'deployment')
      for (const member of event.hypervisors.map((name) => this.#of(name)))
        if (member.state === 'done') member.state = 'waiting';
    if (!('hypervisor' in event) || event.hypervisor === undefined) return;
    const member = this.#of(event.hypervisor);
    const isBegun = event.type === 'step' && event.state === 'begin';
    if (isBegun || (member.state === 'waiting' && event.type !== 'note')) member.state = 'working';
    switch (event.type) {
      case 'phase':
        member.guests = event.targets ?? [];
        leaveLooks(member);
        return;
      case 'step':
        if (isBegun) member.at.set(event.step, { doing: plainLine(event.step), since: now });
        else member.at.delete(event.step);
        member.said = '';
        member.last = '';
        return;
      case 'note':
        // Such as whom it waits for.
        member.last = plainLine(event.text);
        return;
      case 'output':
        member.said = event.line.trim() || member.said;
        return;
      case 'checks': {
        const look = lookAt(event.target);
        if (event.state === 'waiting')
          member.at.set(look, { doing: plainLine(waitingText(event)) });
        else member.at.delete(look);
        if (event.state === 'passed') member.up.add(event.target);
        member.last = event.state === 'passed' ? `${plainLine(event.target)} is healthy` : '';
        return;
      }
      case 'failure':
        member.reason ??= event.failure.message;
        leaveLooks(member);
        return;
      case 'hypervisor':
        if (event.state === 'end') {
          member.state = stateOf(event);
          member.reason ??= event.failure?.message;
        }
        return;
      default:
    }
  }

  /** The newest first where there is not room for all: what failed, what works, and a row that counts. */
  rows(now: number, height: number): Row[] {
    const all = [...this.#members];
    const failed = all.filter(
      ([, { state, reason }]) => state === 'failed' || reason !== undefined,
    );
    const working = all.filter(([, { state, reason }]) => state === 'working' && !reason);
    const shown = [...failed, ...working].map(([name, member]) => row(name, member, now));
    if (this.#git)
      shown.push({ mark: 'working', text: `${this.#git.text}${seconds(now - this.#git.since)}` });
    const room = height - 1;
    const more = shown.length - room;
    if (more > 0)
      shown.splice(room - 1, more + 1, { mark: undefined, text: `and ${more + 1} more` });
    return [...shown, { mark: undefined, text: this.#count(now) }];
  }

  #count(now: number): string {
    const of = (...wanted: Member['state'][]) =>
      [...this.#members.values()].filter(({ state }) => wanted.includes(state)).length;
    const parts = [`${of('done')} of ${this.#members.size} done`];
    for (const [word, n] of [
      ['at work', of('working')],
      ['failed', of('failed')],
      ['untouched', of('untouched')],
      ['waiting', of('waiting')],
    ] as const)
      if (n > 0) parts.push(`${n} ${word}`);
    return `${parts.join(', ')}${seconds(now - this.#began)}`;
  }

  #of(name: string): Member {
    const known = this.#members.get(name);
    if (known) return known;
    const member: Member = {
      state: 'waiting',
      at: new Map(),
      last: '',
      guests: [],
      up: new Set(),
      said: '',
      reason: undefined,
    };
    this.#members.set(name, member);
    return member;
  }
}

/** What became of a hypervisor: its own failure, or only that of others. */
export function stateOf(
  end: EventBody & { readonly type: 'hypervisor'; readonly state: 'end' },
): 'done' | 'failed' | 'untouched' {
  const { outcome, failure } = end;
  if (outcome === 'done') return 'done';
  if (failure || outcome === 'in-doubt' || outcome === 'rollback-failed') return 'failed';
  return 'untouched';
}

function row(name: string, member: Member, now: number): Row {
  const { state, said, reason } = member;
  const isOver = state === 'failed';
  const rest = [isOver ? '' : doing(member, now), reason ?? said].filter(Boolean).join('  ');
  return { mark: reason === undefined && !isOver ? 'working' : 'failed', text: `${name}: ${rest}` };
}

/** `2 of 5 vms; update web3, 4 s; web2 settled: waiting, 3 s of 15 s` */
function doing({ at, guests, last, reason, up }: Member, now: number): string {
  const ready = guests.filter((guest) => up.has(guest)).length;
  const isCounted = reason === undefined && guests.length > 1;
  const all = [...at.values()].map(
    ({ doing, since }) => `${doing}${since === undefined ? '' : seconds(now - since)}`,
  );
  if (all.length === 0) all.push(last || 'at work');
  return [...(isCounted ? [`${ready} of ${guests.length} vms`] : []), ...all].join('; ');
}

/** Unlike any step. */
const lookAt = (target: string) => `\t${target}`;

/** Nobody looks at anything there any more. */
function leaveLooks({ at }: Member): void {
  for (const key of at.keys()) if (key.startsWith(lookAt(''))) at.delete(key);
}

/** `, 7 s`; `, 2 min 7 s` */
function seconds(ms: number): string {
  const all = Math.floor(ms / 1000);
  return all < 60 ? `, ${all} s` : `, ${Math.floor(all / 60)} min ${all % 60} s`;
}
