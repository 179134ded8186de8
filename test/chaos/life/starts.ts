import type { History, Injury, Life, Told } from './history.ts';

/** How a guest is wanted, from a moment on. */
interface Wanted {
  readonly from: number;
  readonly running: boolean;
}

const isBoot = ({ kind }: Injury) => kind === 'power-cut' || kind === 'reboot';
const starting = ['fleet-start', 'fleet-restart', 'systemctl-start', 'deploy'];

/** What whoever did all this wanted of a guest: running at first, and as the last one said that did something. */
export function wishes(injuries: readonly Injury[], vm: string): Wanted[] {
  const wishes: Wanted[] = [{ from: Number.NEGATIVE_INFINITY, running: true }];
  let recorded = false;
  for (const injury of injuries) {
    const { kind, at, until, code = 0 } = injury;
    if (isBoot(injury)) {
      // A stop of fleet's is a record; systemd's is forgotten.
      if (!recorded) wishes.push({ from: at, running: true });
      continue;
    }
    if (injury.vm !== undefined && injury.vm !== vm) continue;
    if (starting.includes(kind)) {
      wishes.push({ from: at, running: true });
      recorded = false;
    } else if ((kind === 'fleet-stop' || kind === 'systemctl-stop') && code === 0) {
      wishes.push({ from: until, running: false });
      recorded = kind === 'fleet-stop';
    }
  }
  return wishes;
}

export function isWanted(injuries: readonly Injury[], vm: string, at: number): boolean {
  return wishes(injuries, vm).findLast((w) => w.from <= at)?.running ?? true;
}

/** Events that say that somebody gave a guest up, each with the moment at which somebody starts it again. */
function givenUp(history: History, vm: string): { from: number; to: number }[] {
  return history.events
    .filter((e) => e.kind === 'guest.failed' && e.vm === vm)
    .map((e) => {
      const next = history.injuries.find(
        (i) =>
          i.until >= e.at &&
          (isBoot(i) || (starting.includes(i.kind) && (i.vm === undefined || i.vm === vm))),
      );
      return { from: e.at, to: next?.at ?? Number.POSITIVE_INFINITY };
    });
}

/** No guest is started that is stopped, that was given up, or that nothing was done to. */
export function wrongStarts(history: History): string[] {
  const wrong: string[] = [];
  for (const vm of Object.keys(history.guests)) {
    const lives = history.lives.filter((life) => life.vm === vm);
    const ends = new Map(
      history.events
        .filter((e) => e.vm === vm && e.kind === 'guest.ended')
        .map((e) => [e.invocation, e]),
    );
    const failed = givenUp(history, vm);
    for (const [n, life] of lives.entries()) {
      if (life.began < history.began) continue;
      const name = `${vm}, invocation ${life.invocation}, started at ${life.began}`;
      if (!isWanted(history.injuries, vm, life.began)) wrong.push(`${name}: it was stopped`);
      const up = failed.find(({ from, to }) => life.began > from + 1 && life.began < to - 1);
      if (up) wrong.push(`${name}: it was given up at ${up.from}`);
      if (!mayStart(history, lives[n - 1], life, ends)) wrong.push(`${name}: nobody had a reason`);
      const told = history.events.filter(
        (e) => e.kind === 'guest.started' && e.invocation === life.invocation,
      );
      if (told.length !== 1) wrong.push(`${name}: it is told ${told.length} times`);
    }
  }
  const known = new Set(history.lives.map((life) => life.invocation));
  for (const event of history.events)
    if (event.kind === 'guest.started' && !known.has(String(event.invocation)))
      wrong.push(`${event.vm}: a start at ${event.at} is told, and there was none`);
  return wrong;
}

/** systemd or the watch after an end, a person, a deployment, or a boot. */
function mayStart(
  { injuries, events }: History,
  before: Life | undefined,
  life: Life,
  ends: ReadonlyMap<unknown, Told>,
): boolean {
  const near = (from: number, to: number) => life.began >= from - 1 && life.began <= to + 600;
  const asked = injuries.some(
    (i) =>
      (i.vm === undefined || i.vm === life.vm) &&
      (isBoot(i) || starting.includes(i.kind)) &&
      near(i.at, i.until),
  );
  if (asked) return true;
  if (before?.ended === undefined) return false;
  const end = ends.get(before.invocation);
  if (end && end.intended === false) return true;
  return events.some(
    (e) => e.vm === life.vm && e.kind === 'guest.restarted' && Math.abs(e.at - before.ended!) < 60,
  );
}

/** It gives up when there is a reason to, and once. */
export function wrongFailures(history: History): string[] {
  const wrong: string[] = [];
  for (const [vm, policy] of Object.entries(history.guests)) {
    const own = history.events.filter((e) => e.vm === vm);
    const tries = own.filter(
      (e) =>
        (e.kind === 'guest.ended' && e.intended === false) ||
        e.kind === 'guest.restarted' ||
        e.kind === 'helper.ended',
    );
    let isFailed = false;
    for (const event of own) {
      if (event.kind === 'guest.started' || event.kind === 'guest.ready') isFailed = false;
      if (event.kind !== 'guest.failed') continue;
      const name = `${vm} was given up at ${event.at}`;
      if (isFailed) wrong.push(`${name}: it was given up already`);
      isFailed = true;
      if (!event.why) wrong.push(`${name}: and nobody says why`);
      const count = (seconds: number) =>
        tries.filter((e) => e.at <= event.at && e.at >= event.at - seconds).length;
      if (count(policy.interval + 60) < policy.attempts && count(3660) < policy.maxPerHour)
        wrong.push(
          `${name}: after ${count(policy.interval + 60)} ends, ${policy.attempts} are allowed`,
        );
    }
    for (const [n, last] of tries.entries()) {
      const first = tries[n - policy.attempts - 1];
      if (!first || last.at - first.at > policy.interval - 30) continue;
      const slowed = own.some(
        (e) =>
          (e.kind === 'guest.failed' || e.kind === 'guest.again') &&
          e.at >= first.at &&
          e.at <= last.at + 60,
      );
      const cleared = history.injuries.some(
        (i) =>
          (isBoot(i) || starting.includes(i.kind)) &&
          (i.vm === undefined || i.vm === vm) &&
          i.until >= first.at &&
          i.at <= last.at,
      );
      if (!slowed && !cleared)
        wrong.push(
          `${vm} ended ${policy.attempts + 2} times until ${last.at}, and nobody gave it time`,
        );
    }
  }
  return wrong;
}

/** After an end that nobody wanted it starts by itself, or somebody says that it will not, before a person has to. */
export function wrongSilence({ events, lives, injuries }: History): string[] {
  return events
    .filter((e) => e.kind === 'guest.ended' && e.intended === false)
    .flatMap(({ vm, at }) => {
      const next = lives.find((life) => life.vm === vm && life.began > at);
      const byHand = injuries.find(
        (i) =>
          starting.includes(i.kind) && i.vm === vm && i.at > at + 20 && i.at < (next?.began ?? 0),
      );
      const said = events.some(
        (e) =>
          (e.kind === 'guest.failed' || e.kind === 'guest.again') &&
          e.vm === vm &&
          e.at >= at &&
          e.at <= (byHand?.at ?? 0),
      );
      return byHand && !said
        ? [`${vm} ended at ${at}, a person had to start it, and nobody had said so`]
        : [];
    });
}
