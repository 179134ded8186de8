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

/** What a hypervisor has too little of for these actions, with how much there is, and what to do. */
export function resourceProblems(facts: Facts, actions: readonly Action[]): string[] {
  if (!actions.some((a) => builds.has(a.kind))) return [];
  return shortages(
    facts,
    actions.some((a) => a.kind === 'switch'),
  );
}

/** The same for a build; `switches`: and for a switch. */
export function shortages(facts: Facts, switches: boolean): string[] {
  const lacks = (folder: string, need: number) => (facts.freeKiB.get(folder) ?? need) < need;
  const free = (folder: string) => mebibytes(facts.freeKiB.get(folder) ?? 0);
  const found: string[] = [];
  if (lacks('/nix/store', requiredKiB.store)) {
    found.push(
      `/nix/store has ${free('/nix/store')} free, ${mebibytes(requiredKiB.store)} are needed: run nix-collect-garbage there`,
    );
  }
  for (const folder of ['/var/lib/fleet', '/var/lib/microvms']) {
    if (!lacks(folder, requiredKiB.state)) continue;
    found.push(
      `${folder} has ${free(folder)} free, ${mebibytes(requiredKiB.state)} are needed: make room on its file system`,
    );
  }
  const { memory } = facts;
  if (memory && memory.availableKiB < requiredKiB.memory) {
    found.push(
      `${mebibytes(memory.availableKiB)} of memory are available, a build needs ${mebibytes(requiredKiB.memory)}: stop something there, or wait`,
    );
  }
  // Otherwise the boot loader would fail, after the switch.
  if (switches && lacks('/boot', requiredKiB.boot)) {
    found.push(
      `/boot has ${free('/boot')} free: delete old generations (boot.loader.*.configurationLimit)`,
    );
  }
  return found;
}

function mebibytes(kib: number): string {
  return `${Math.floor(kib / 1024)} MiB`;
}
