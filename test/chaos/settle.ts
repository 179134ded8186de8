import { setTimeout as sleep } from 'node:timers/promises';
import type { Running } from '../scenario/desk.ts';
import type { WorldHost } from '../scenario/world.ts';
import type { Verdict } from './judge.ts';
import { isQuiet } from './watch.ts';

/** Beyond the time to confirm: within that everything is well again, by itself. */
const limitMs = 30_000;
/** How much longer a fleet may go on before it is ended. */
const patienceMs = 90_000;

export interface Settled<V> {
  readonly verdict: V;
  /** From the beginning until all was well, and stayed well. */
  readonly seconds: number | undefined;
}

/** Looks, and does nothing, until all is well and every fleet has ended, or until it is too late. */
export async function settle<V extends Verdict>(
  hosts: readonly WorldHost[],
  fleets: readonly Running[],
  confirmMs: number,
  look: () => Promise<V>,
): Promise<Settled<V>> {
  const begun = Date.now();
  let running = fleets.length;
  for (const fleet of fleets) void fleet.ended.finally(() => running--);
  let wellAt: number | undefined;
  let late = Number.POSITIVE_INFINITY;
  for (;;) {
    const haveEnded = running === 0;
    if (haveEnded) late = Math.min(late, Date.now() + confirmMs + limitMs);
    else if (Date.now() - begun > confirmMs + limitMs + patienceMs)
      for (const fleet of fleets) fleet.kill('SIGKILL');
    const isLate = Date.now() >= late;
    if (isLate || hosts.every(isQuiet)) {
      const verdict = await look();
      const isWell = verdict.outcome === 'old' || verdict.outcome === 'new';
      wellAt = isWell ? (wellAt ?? Date.now()) : undefined;
      if (isLate || (haveEnded && isWell))
        return { verdict, seconds: wellAt && (wellAt - begun) / 1000 };
    }
    await sleep(250);
  }
}
