import type { Collected, OldGeneration } from '../../model/garbage.ts';
import { parseGarbage } from '../answers/gc.ts';
import type { Host } from '../host.ts';
import { ask } from './call.ts';

/** Which generations are old: those beyond the youngest `keep` that are older than `seconds`. */
export interface Old {
  readonly keep: number;
  readonly seconds: number;
}

/** Generations that may go. @throws FleetError `gc.locked`, `gc.unreadable` */
export function findOld(host: Host, { keep, seconds }: Old): Promise<Collected> {
  return ask(host, 'gc', ['look', String(keep), String(seconds)], parseGarbage);
}

/**
 * Of `shown` goes what is still old, and then what of the store nothing leads to.
 * @throws FleetError `gc.locked`, `gc.failed`, `gc.unreadable`
 */
export function collect(
  host: Host,
  { keep, seconds }: Old,
  shown: readonly OldGeneration[],
): Promise<Collected> {
  const stdin = shown.map(({ name, number, path }) => `${name}\t${number}\t${path}\n`).join('');
  return ask(host, 'gc', ['collect', String(keep), String(seconds)], parseGarbage, { stdin });
}
