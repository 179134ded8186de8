import type { Facts } from '../host/facts.ts';
import type { Host } from '../host/host.ts';
import { readFacts } from '../host/hypervisor.ts';
import type { Hypervisor } from '../model/fleet.ts';
import { inParallel } from './parallel.ts';
import type { Ports } from './ports.ts';

export interface Contact {
  readonly hypervisor: Hypervisor;
  /** Absent when it could not be reached. */
  readonly host?: Host;
  readonly facts: Facts | Error;
}

/** Hypervisors contacted at a time: each costs two short processes and a handshake. */
const atOnce = 64;

/** Connects to all of them and reads their facts; one that cannot be reached does not stop the rest. */
export async function connectAll(
  hypervisors: readonly Hypervisor[],
  ports: Ports,
): Promise<Contact[]> {
  return inParallel(hypervisors, atOnce, async (hypervisor): Promise<Contact> => {
    let host: Host | undefined;
    try {
      host = await ports.connector.connect(hypervisor);
      return { hypervisor, host, facts: await readFacts(host, hypervisor, 'brief') };
    } catch (error) {
      host?.close();
      return { hypervisor, facts: error instanceof Error ? error : new Error(String(error)) };
    }
  });
}
