import { type Facts, systemName } from '../host/facts.ts';
import type { FleetIndex } from '../model/index.ts';
import type { Drift } from './plan.ts';

/** Deployed generations that garbage collection took, or could take: each is a restart that fails. */
export function collectedDrift(index: FleetIndex, hypervisor: string, facts: Facts): Drift[] {
  const names = [systemName, ...index.vmsOn(hypervisor).map((vm) => vm.name)];
  return names.flatMap((name): Drift[] => {
    const target = name === systemName ? hypervisor : name;
    const held = facts.held.has(name);
    const what = name === systemName ? 'system' : 'generation';
    if (facts.gone.has(name)) {
      const fails = name === systemName ? 'a reboot may fail' : 'a restart would fail';
      const remedy = held ? `fleet apply --release ${target} builds` : 'apply builds it again';
      return [
        {
          target,
          code: 'collected',
          message: `the deployed ${what} is not in the store any more (collected): ${fails}; ${remedy}${held ? ' what fleet.yaml says' : ''}`,
        },
      ];
    }
    if (!facts.unrooted.has(name)) return [];
    return [
      {
        target,
        code: 'unrooted',
        message: `the deployed ${what} has no root, so it may be collected any time${held ? '' : '; apply roots it again'}`,
      },
    ];
  });
}

/** Why a target is built again, though nothing changed: recording it makes its root anew. */
export function lostGeneration(drift: readonly Drift[], target: string): string | undefined {
  const own = drift.filter((d) => d.target === target);
  if (own.some((d) => d.code === 'collected')) return 'what was deployed was collected';
  return own.some((d) => d.code === 'unrooted') ? 'what was deployed has no root' : undefined;
}
