import type { History, Told } from './history.ts';

const epochForm = /^\d{12}-[0-9a-f]{8}$/;

/**
 * Events are numbered 1, 2, 3 … within an epoch, epochs follow one another, and time does not run backwards in one.
 * The files are in their order.
 */
export function wrongNumbers({ events, unreadable }: History): string[] {
  const wrong = unreadable.map((line) => `the spool has a line that is no event: ${line}`);
  const ended = new Set<string>();
  let last: Told | undefined;
  for (const event of events) {
    const name = `${event.epoch}:${event.seq}`;
    if (!epochForm.test(event.epoch)) wrong.push(`${name} is of no epoch`);
    if (last && last.epoch === event.epoch) {
      if (event.seq !== last.seq + 1) wrong.push(`${name} comes after ${last.epoch}:${last.seq}`);
      if (event.up < last.up) wrong.push(`${name} was written before the one that it follows`);
    } else {
      if (last) ended.add(last.epoch);
      if (ended.has(event.epoch)) wrong.push(`${name} is of an epoch that was over`);
      else if (event.seq !== 1) wrong.push(`${name} is the first of its epoch that is there`);
      if (last && event.epoch < last.epoch) wrong.push(`${name} sorts before ${last.epoch}`);
    }
    last = event;
  }
  return wrong;
}

/** Each boot begins an epoch, and is told once. */
export function wrongEpochs(history: History): string[] {
  const boots = history.injuries.filter((i) => i.kind === 'power-cut' || i.kind === 'reboot');
  return boots.flatMap(({ kind, at, until }, n) => {
    const next = boots[n + 1]?.at ?? history.until;
    const before = history.events.filter((e) => e.at < Math.floor(at)).at(-1);
    const after = history.events.filter((e) => e.at > until && e.at < next);
    const told = history.events.filter(
      (e) => e.kind === 'host.booted' && e.at >= Math.floor(at) && e.at < next,
    );
    const wrong: string[] = [];
    if (told.length !== 1) wrong.push(`${kind} at ${at}: host.booted is told ${told.length} times`);
    if (before && after.some((e) => e.epoch === before.epoch))
      wrong.push(`${kind} at ${at}: epoch ${before.epoch} goes on after it`);
    return wrong;
  });
}
