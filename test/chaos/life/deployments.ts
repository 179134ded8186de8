import type { History } from './history.ts';

/** What the watch does to guests, and does only while no deployment holds the lock. */
const acts = ['guest.restarted', 'guest.failed', 'guest.shed', 'orphan.stopped'];

/** A deployment ends well, is told, and nobody of the watch's acts while it holds the lock. */
export function wrongDeployments(history: History): string[] {
  const wrong: string[] = [];
  for (const { kind, at, until, code = 0 } of history.injuries) {
    if (kind !== 'deploy') continue;
    const name = `deployment at ${at}`;
    if (code !== 0) wrong.push(`${name}: it ended with ${code}`);
    const told = history.events.filter((e) => e.at >= Math.floor(at) && e.at <= until + 1);
    const locked = told.find((e) => e.kind === 'deployment.locked');
    const ended = told.find((e) => e.kind === 'deployment.ended');
    if (code === 0 && (!locked || !ended)) wrong.push(`${name}: its lock or its end is not told`);
    if (!locked) continue;
    const from = history.events.indexOf(locked);
    const to = ended ? history.events.indexOf(ended) : history.events.length;
    for (const event of history.events.slice(from, to))
      if (acts.includes(event.kind))
        wrong.push(`${name}: ${event.kind} of ${event.vm ?? '-'} while it held the lock`);
  }
  return wrong;
}
