import type { Former } from '../host/answers/former.ts';
import { resume } from '../host/hypervisor/deployment.ts';
import type { Facts } from '../model/facts.ts';
import type { VmFacts } from '../model/guest-facts.ts';
import { inParallel } from './parallel.ts';
import type { Session } from './session.ts';

/** Leases that are taken over at a time. */
const atOnce = 64;

/** Waits for steps in hand and takes over the leases. @throws FleetError `resume.*`, `back.taken`. */
export async function takeUp(
  sessions: readonly Session[],
  operator: string,
): Promise<ReadonlyMap<string, Former>> {
  const answers = await inParallel(sessions, atOnce, async (session) => {
    const former = await resume(session.host, session.id, operator, session.longMs);
    session.lastStep = former.lastStep;
    return [session.hypervisor.name, former] as const;
  });
  return new Map(answers);
}

/** Facts of now, with the generations of before: what is there already has to be looked at all the same. */
export function recall(former: Former, now: Facts): Facts {
  const vms = new Map<string, VmFacts>();
  for (const [name, { current, booted, isActive }] of former.vms) {
    const seen = now.vms.get(name);
    const unit = seen?.unit ?? { active: 'inactive', sub: 'dead', invocation: '' };
    vms.set(name, {
      name,
      declarative: seen?.declarative ?? false,
      virtiofsd: seen?.virtiofsd ?? unit,
      unit: { ...unit, active: isActive ? 'active' : 'inactive' },
      current,
      booted,
      currentSince: undefined,
    });
  }
  const { system: currentSystem, profile: systemProfile, commit, failedUnits } = former;
  const checkout = commit === undefined ? undefined : { branch: 'fleet', dirty: 0, commit };
  return { ...now, currentSystem, systemProfile, checkout, vms, failedUnits };
}
