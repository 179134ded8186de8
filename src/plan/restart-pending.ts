import { age } from '../model/age.ts';
import type { Deployed, Facts } from '../model/facts.ts';
import type { VmFacts } from '../model/guest-facts.ts';

/**
 * The runner that a vm would start on next, if that is not the one it runs, or ran last, on. Undefined if nothing would
 * change.
 */
export function vmRestartPending(
  vm: VmFacts,
  deployed: Deployed | undefined,
  now: number,
): string | undefined {
  const { current, booted } = vm;
  const since = lasting(vm.currentSince, now);
  if (vm.unit.active === 'active') {
    if (booted === undefined || booted === current) return undefined;
    return current === undefined
      ? 'current is missing: a reboot would not start it again'
      : `current differs from booted${since}: a reboot would boot it`;
  }
  // `booted` is removed when a guest stops, but not by a power cut.
  const last = booted ?? deployed?.path;
  if (last === undefined || current === undefined || current === last) return undefined;
  return `current differs from ${booted ? 'booted' : 'what was deployed'}${since}: the next start boots it`;
}

/** A runner that nothing boots until somebody asks for it. */
export function waitText(name: string, { commit, since }: Deployed, now: number): string {
  return `what was built of ${commit.slice(0, 8)} waits for a restart${lasting(since, now)}: fleet restart ${name}, or the next fleet apply`;
}

/** The same for the hypervisor's own system. */
export function systemRestartPending(facts: Facts): string | undefined {
  const { currentSystem, systemProfile, now } = facts;
  if (!systemProfile || !currentSystem || systemProfile === currentSystem) return undefined;
  // They differ since the later of the two was changed.
  const { currentSystemSince = 0, systemProfileSince = 0 } = facts;
  const since = lasting(Math.max(currentSystemSince, systemProfileSince), now);
  return `the system profile differs from the running system${since}: a reboot would boot it`;
}

/** Parts of the running system that only a reboot activates; the age is that of the last switch. */
export function rebootPending(facts: Facts): string | undefined {
  if (facts.rebootFor.length === 0) return undefined;
  const since = age(facts.currentSystemSince, facts.now);
  const wait = facts.rebootFor.length === 1 ? 'waits' : 'wait';
  return `${facts.rebootFor.join(', ')} of the running system ${wait} for a reboot${since ? `, for at least ${since}` : ''}`;
}

function lasting(since: number | undefined, now: number): string {
  const words = age(since, now);
  return words ? ` for ${words}` : '';
}
