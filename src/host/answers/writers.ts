import type { Writer } from '../../model/facts.ts';
import type { UnitFacts } from '../../model/guest-facts.ts';

/** What facts.sh looks for among processes, as the kernel calls it → the program. */
const programs: Readonly<Record<string, string>> = {
  'nixos-rebuild': 'nixos-rebuild',
  'nixos-rebuild-n': 'nixos-rebuild',
  '.nixos-rebuild-': 'nixos-rebuild',
  'switch-to-confi': 'switch-to-configuration',
  '.switch-to-conf': 'switch-to-configuration',
  microvm: 'microvm',
};

const collector = 'nix-collect-gar';

/** Second writers, each once: units of others, and programs that run. */
export function parseWriters(
  units: ReadonlyMap<string, UnitFacts>,
  processes: readonly string[],
): Writer[] {
  const active = (name: string) => units.get(name)?.active ?? 'inactive';
  const installed = (name: string): Writer => ({ name, kind: 'installed' });
  const running = (name: string): Writer => ({ name, kind: 'running' });
  const found: Writer[] = [];
  if (active('nixos-upgrade.timer') === 'active') found.push(installed('nixos-upgrade.timer'));
  // A daemon that looks for commits from time to time; while it deploys, switch-to-configuration runs.
  if (['active', 'activating'].includes(active('comin.service')))
    found.push(installed('comin.service'));
  // Type=oneshot: it is activating for as long as it works.
  if (['active', 'activating'].includes(active('nixos-upgrade.service')))
    found.push(running('nixos-upgrade.service'));
  const programsSeen = new Set(processes.flatMap((name) => programs[name] ?? []));
  return [...found, ...[...programsSeen].sort().map(running)];
}

/** Is nix-collect-garbage at work? */
export function isCollecting(processes: readonly string[]): boolean {
  return processes.includes(collector);
}
