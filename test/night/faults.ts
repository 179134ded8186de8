import type { Fault } from './fault.ts';
import { deployments } from './faults/deployments.ts';
import { guests } from './faults/guests.ts';
import { hypervisors } from './faults/hypervisors.ts';
import { network } from './faults/network.ts';

/** A part of docs/on-call.md. */
export interface Part {
  readonly title: string;
  readonly faults: readonly Fault[];
}

/** Every fault that a night on call may bring, in the order in which they are made: some leave what a later one needs. */
export const parts: readonly Part[] = [
  { title: 'Guests', faults: guests },
  { title: 'Network', faults: network },
  { title: 'Hypervisors', faults: hypervisors },
  { title: 'Deployments', faults: deployments },
];
