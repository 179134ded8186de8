import type { Facts } from '../model/facts.ts';
import type { VmFacts } from '../model/guest-facts.ts';
import type { FleetIndex } from '../model/index.ts';
import { systemName, targetName } from '../model/names.ts';
import type { Drift } from './plan.ts';

/** Deployed generations that garbage collection removed, or could remove: a restart of these fails. */
export function collectedDrift(index: FleetIndex, hypervisor: string, facts: Facts): Drift[] {
  return [...collectedDeployed(index, hypervisor, facts), ...collectedRunners(facts)];
}

/** Other runners that are gone, of any vm. */
export function collectedRunners(facts: Facts): Drift[] {
  return [...facts.lost].flatMap(([target, links]): Drift[] => {
    const seen = facts.vms.get(target);
    const isTold = facts.gone.has(target) && seen?.current === facts.deployed.get(target)?.path;
    if (!links.includes('current') || isTold) return lostStore(target, links, seen);
    return [
      {
        target,
        code: 'collected',
        message: `its runner (/var/lib/microvms/${target}/current) was garbage-collected: a restart would fail; build it again from its own configuration`,
      },
    ];
  });
}

/** A running guest uses `booted`; in a stopped one that link is only stale. */
function lostStore(target: string, links: readonly string[], seen: VmFacts | undefined): Drift[] {
  if (!links.includes('booted') || seen?.unit.active !== 'active') return [];
  return [
    {
      target,
      code: 'collected',
      message: 'the runner it runs on was garbage-collected: it must be restarted',
    },
  ];
}

function collectedDeployed(index: FleetIndex, hypervisor: string, facts: Facts): Drift[] {
  const names = [systemName, ...index.vmsOn(hypervisor).map((vm) => vm.name)];
  return names.flatMap((name): Drift[] => {
    const target = targetName(name, hypervisor);
    const held = facts.held.has(name);
    const what = name === systemName ? 'system' : 'generation';
    if (facts.gone.has(name)) {
      const fails = name === systemName ? 'a reboot may fail' : 'a restart would fail';
      const remedy = held ? `fleet apply --release ${target} builds` : 'apply builds it again';
      return [
        {
          target,
          code: 'collected',
          message: `the deployed ${what} was garbage-collected: ${fails}; ${remedy}${held ? ' what fleet.yaml says' : ''}`,
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

/** Why a target is built again though nothing changed: recording it makes a new root for it. */
export function lostGeneration(drift: readonly Drift[], target: string): string | undefined {
  const own = drift.filter((d) => d.target === target);
  if (own.some((d) => d.code === 'collected')) return 'what was deployed was collected';
  return own.some((d) => d.code === 'unrooted') ? 'what was deployed has no root' : undefined;
}
