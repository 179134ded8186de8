import type { Facts, Writer } from '../model/facts.ts';
import type { Drift } from './plan.ts';

/** How to turn off a unit that deploys by itself. */
const off: Readonly<Record<string, string>> = {
  'nixos-upgrade.timer': 'system.autoUpgrade.enable = false',
  'comin.service': 'services.comin.enable = false',
};

/** Other programs that change a hypervisor, or will. */
export function writerDrift(hypervisor: string, facts: Facts): Drift[] {
  const say = (code: Drift['code'], message: string): Drift => ({
    target: hypervisor,
    code,
    message,
  });
  const atWork = running(facts);
  return [
    ...facts.writers
      .filter((w) => w.kind === 'installed')
      .map(({ name }) =>
        say('second-writer', `${name} would replace what fleet deploys: ${off[name] ?? 'stop it'}`),
      ),
    ...(atWork.length > 0
      ? [say('second-writer', `${are(atWork)} running: this plan may already be out of date`)]
      : []),
    ...(facts.collecting
      ? [say('collecting', 'nix-collect-garbage runs: a build may have to wait for it')]
      : []),
  ];
}

/** Two programs that change a hypervisor at the same time undo each other's work. */
export function writerProblems(facts: Facts): string[] {
  const atWork = running(facts);
  if (atWork.length === 0) return [];
  const them = atWork.length === 1 ? 'it' : 'them';
  return [`${are(atWork)} running there: wait for ${them}, or stop ${them}`];
}

/** While a deployment holds the lock these programs may be its own, and the lock is reported anyway. */
function running(facts: Facts): string[] {
  const isUnit = ({ name }: Writer) => name.includes('.');
  return facts.writers
    .filter((w) => w.kind === 'running' && (facts.lock === undefined || isUnit(w)))
    .map((w) => w.name);
}

function are(names: readonly string[]): string {
  return `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'}`;
}
