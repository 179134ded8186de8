import type { Writer } from '../../model/facts.ts';
import type { UnitFacts } from '../../model/guest-facts.ts';

/** Processes that facts.sh looks for: the name in the kernel → the program. */
const programs: Readonly<Record<string, string>> = {
  'nixos-rebuild': 'nixos-rebuild',
  'nixos-rebuild-n': 'nixos-rebuild',
  '.nixos-rebuild-': 'nixos-rebuild',
  'switch-to-confi': 'switch-to-configuration',
  '.switch-to-conf': 'switch-to-configuration',
  microvm: 'microvm',
};

const collector = 'nix-collect-gar';

/** Other programs that may deploy or collect garbage here, from units and running processes, once each. */
export function parseWriters(
  units: ReadonlyMap<string, UnitFacts>,
  processes: readonly string[],
): Writer[] {
  const active = (name: string) => units.get(name)?.active ?? 'inactive';
  const installed = (name: string): Writer => ({ name, kind: 'installed' });
  const running = (name: string): Writer => ({ name, kind: 'running' });
  const found: Writer[] = [];
  if (active('nixos-upgrade.timer') === 'active') found.push(installed('nixos-upgrade.timer'));
  // comin only polls for commits; while it deploys, switch-to-configuration runs.
  if (['active', 'activating'].includes(active('comin.service')))
    found.push(installed('comin.service'));
  // Type=oneshot: it is activating while it works.
  if (['active', 'activating'].includes(active('nixos-upgrade.service')))
    found.push(running('nixos-upgrade.service'));
  const programsSeen = new Set(processes.flatMap((name) => programs[name] ?? []));
  return [...found, ...[...programsSeen].sort().map(running)];
}

/** Whether nix-collect-garbage runs. */
export function isCollecting(processes: readonly string[]): boolean {
  return processes.includes(collector);
}
