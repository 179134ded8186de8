import type { Contact } from '../deploy/connect-all.ts';
import type { Emit } from '../model/events.ts';
import { unknownState } from '../model/unknown-state.ts';

/** Says which hypervisors have state that this fleet may read wrongly; it goes on, for at night somebody has to. */
export function sayUnknownState(contacts: readonly Contact[], emit: Emit): void {
  for (const { hypervisor, facts } of contacts) {
    const text = facts instanceof Error ? undefined : unknownState(facts);
    if (text !== undefined) emit({ type: 'warning', hypervisor: hypervisor.name, text });
  }
}
