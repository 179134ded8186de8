import type { Facts } from '../model/facts.ts';
import type { Action } from './plan.ts';

/** KiB that must be free before anything is built or switched; `boot` is enough for a kernel and an initrd. */
export const requiredKiB = {
  store: 1024 * 1024,
  state: 64 * 1024,
  boot: 32 * 1024,
  memory: 512 * 1024,
} as const;

const builds = new Set<Action['kind']>(['switch', 'create', 'return', 'update']);

/** What a hypervisor has too little of, with how much there is, and what to do. */
export interface Shortage {
  readonly code: 'disk' | 'memory';
  readonly message: string;
}

/** Of these actions none may begin. */
export function resourceProblems(
  hypervisor: string,
  facts: Facts,
  actions: readonly Action[],
): string[] {
  if (!actions.some((a) => builds.has(a.kind))) return [];
  const switches = actions.some((a) => a.kind === 'switch');
  return shortages(hypervisor, facts, switches).map(({ message }) => message);
}

/** What a build lacks; `switches`: and what a switch does. */
export function shortages(hypervisor: string, facts: Facts, switches: boolean): Shortage[] {
  const { freeKiB, memory } = facts;
  const disk = (folder: string, need: number, todo: string): Shortage[] => {
    const free = freeKiB.get(folder) ?? need;
    const message = `${folder} has ${mebibytes(free)} free, ${mebibytes(need)} are needed: ${todo}`;
    return free < need ? [{ code: 'disk', message }] : [];
  };
  const available = memory?.availableKiB ?? requiredKiB.memory;
  const message = `${mebibytes(available)} of memory are available, a build needs ${mebibytes(requiredKiB.memory)}: stop something there, or wait`;
  const room = 'make room on its file system';
  return [
    ...disk('/nix/store', requiredKiB.store, `fleet gc ${hypervisor}`),
    ...disk('/var/lib/fleet', requiredKiB.state, room),
    ...disk('/var/lib/microvms', requiredKiB.state, room),
    ...(available < requiredKiB.memory ? [{ code: 'memory' as const, message }] : []),
    // Otherwise the boot loader would fail, after the switch.
    ...(switches
      ? disk('/boot', requiredKiB.boot, 'delete old generations (boot.loader.*.configurationLimit)')
      : []),
  ];
}

function mebibytes(kib: number): string {
  return `${Math.floor(kib / 1024)} MiB`;
}
