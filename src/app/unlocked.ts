import type { Contact } from '../deploy/connect-all.ts';
import { unlessInterrupted } from '../deploy/interrupt.ts';
import { lockHeld } from '../deploy/locks.ts';
import { readFacts } from '../host/hypervisor/look.ts';
import type { Emit } from '../model/events.ts';
import type { Clock } from '../model/time.ts';

/** How often a hypervisor that somebody else holds is asked again, in ms. */
const asksAgain = 3000;

/**
 * Waits until nobody is deploying to these hypervisors: what they have in the middle of a deployment is no basis for
 * a choice.
 * @param until in ms of the clock
 * @returns the contacts as they are by then
 * @throws FleetError `lock.held` when it takes longer
 */
export async function unlocked(
  contacts: readonly Contact[],
  clock: Clock,
  until: number,
  emit: Emit,
  signal: AbortSignal,
): Promise<readonly Contact[]> {
  let isTold = false;
  for (let now = contacts; ; now = await Promise.all(now.map(lookAgain))) {
    const locked = now.find(({ facts }) => !(facts instanceof Error) && facts.lock?.atWork);
    if (!locked || locked.facts instanceof Error || !locked.facts.lock) return now;
    const held = lockHeld(locked.hypervisor.name, locked.facts.lock);
    if (clock.now() >= until) throw held;
    if (!isTold) emit({ type: 'note', text: `${held.message}; waiting` });
    isTold = true;
    await unlessInterrupted(signal, () => clock.sleep(asksAgain));
  }
}

async function lookAgain(contact: Contact): Promise<Contact> {
  const { hypervisor, host, facts } = contact;
  if (!host || facts instanceof Error || !facts.lock) return contact;
  return { ...contact, facts: await readFacts(host, hypervisor, 'brief') };
}
