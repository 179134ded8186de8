import { type Contact, saidBy } from '../deploy/connect-all.ts';
import { unknownState } from '../model/unknown-state.ts';

/** Says which hypervisors have state that this fleet may read wrongly; it goes on, for at night somebody has to. */
export function sayUnknownState(contacts: readonly Contact[]): void {
  for (const { hypervisor, facts } of contacts) {
    const why = facts instanceof Error ? undefined : unknownState(facts);
    if (why !== undefined) process.stderr.write(`${saidBy(hypervisor.name, new Error(why))}\n`);
  }
}
