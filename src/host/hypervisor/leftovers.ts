import type { Cleaned, Leftover, Leftovers } from '../../model/leftovers.ts';
import { parseCleaned, parseLeftovers } from '../answers/cleanup.ts';
import type { Host } from '../host.ts';
import { ask } from './call.ts';

/** Names that fleet.yaml has on a hypervisor: what is called so is owned. */
export interface Owned {
  readonly vms: readonly string[];
  readonly taps: readonly string[];
  readonly bridges: readonly string[];
}

/** What nobody owns there. @throws FleetError `cleanup.locked`, `preflight.state-newer`, `cleanup.unreadable` */
export function findLeftovers(host: Host, owned: Owned): Promise<Leftovers> {
  return ask(host, 'cleanup', ['look', ...words(owned)], parseLeftovers);
}

/** Of these goes what is still nobody's. @throws FleetError as findLeftovers */
export async function deleteLeftovers(
  host: Host,
  owned: Owned,
  things: readonly Leftover[],
): Promise<Cleaned> {
  const stdin = things.map(({ kind, id }) => `${kind}\t${id}\n`).join('');
  const { gone, kept } = await ask(host, 'cleanup', ['delete', ...words(owned)], parseCleaned, {
    stdin,
  });
  const told = new Set([...gone, ...kept].map(({ kind, id }) => `${kind} ${id}`));
  // One that the script does not find again is not there any more, or somebody's.
  const others = things.filter(({ kind, id }) => !told.has(`${kind} ${id}`));
  const why = 'by now it is not there, or somebody owns it';
  return { gone, kept: [...kept, ...others.map(({ kind, id }) => ({ kind, id, why }))] };
}

const words = ({ vms, taps, bridges }: Owned): string[] => [
  ...vms.map((name) => `vm:${name}`),
  ...taps.map((name) => `tap:${name}`),
  ...bridges.map((name) => `bridge:${name}`),
];
