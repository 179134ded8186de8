import type { StateBefore } from '../host/answers/state-before.ts';
import { resume } from '../host/hypervisor/deployment.ts';
import type { Facts } from '../model/facts.ts';
import type { UnitFacts, VmFacts } from '../model/guest-facts.ts';
import { inParallel } from './parallel.ts';
import type { Session } from './session.ts';

/** How many leases are taken over at a time. */
const atOnce = 64;

/** Waits for steps in hand and takes over the leases. @throws FleetError `resume.*`, `back.taken`. */
export async function takeUp(
  sessions: readonly Session[],
  operator: string,
): Promise<ReadonlyMap<string, StateBefore>> {
  const answers = await inParallel(sessions, atOnce, async (session) => {
    const former = await resume(session.host, session.id, operator, session.longMs);
    session.lastStep = former.lastStep;
    return [session.hypervisor.name, former] as const;
  });
  return new Map(answers);
}

/**
 * Today's facts, with what the hypervisor recorded before the deployment: generations, how long guests had been up, and
 * which TAP was in which bridge. What the deployment has already changed still has to be looked at.
 */
export function recall(former: StateBefore, now: Facts): Facts {
  const vms = new Map<string, VmFacts>();
  for (const [name, { current, booted, isActive, activeFor }] of former.vms) {
    const seen = now.vms.get(name);
    const off: UnitFacts = { active: 'inactive', sub: 'dead', invocation: '' };
    // How long it has been up now says nothing about then.
    const { activeFor: _, ...unit } = seen?.unit ?? off;
    vms.set(name, {
      name,
      declarative: seen?.declarative ?? false,
      virtiofsd: seen?.virtiofsd ?? off,
      unit: {
        ...unit,
        active: isActive ? 'active' : 'inactive',
        ...(activeFor !== undefined && { activeFor }),
      },
      current,
      booted,
      currentSince: undefined,
    });
  }
  const { system: currentSystem, profile: systemProfile, commit, failedUnits } = former;
  const checkout = commit === undefined ? undefined : { branch: 'fleet', dirty: 0, commit };
  const interfaces = new Map(now.interfaces);
  for (const [name, master] of former.ports) {
    const seen = now.interfaces.get(name) ?? { name, up: true, addresses: [] };
    interfaces.set(name, { ...seen, master });
  }
  return { ...now, currentSystem, systemProfile, checkout, vms, interfaces, failedUnits };
}
