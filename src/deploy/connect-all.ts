import type { Runners } from '../host/answers/runners.ts';
import type { Host } from '../host/host.ts';
import { readFacts, readRunners, type Wanted } from '../host/hypervisor/look.ts';
import type { Facts } from '../model/facts.ts';
import type { Hypervisor } from '../model/fleet.ts';
import { inParallel } from './parallel.ts';
import type { Ports } from './ports.ts';

export interface Contact {
  readonly hypervisor: Hypervisor;
  /** Absent when it could not be reached. */
  readonly host?: Host;
  readonly facts: Facts | Error;
  /** When they had been read, by the clock of the ports; absent where they are an error. */
  readonly seenAt?: number;
  /** What exists there, if `isNew` asked for it. */
  readonly runners?: Runners;
}

/** Hypervisors contacted at a time: each costs two short processes and a handshake. */
const atOnce = 64;

/**
 * Connects to all of them and reads their facts; one that cannot be reached does not stop the rest.
 * @param asked addresses to ping from a hypervisor
 * @param wanted how much of their facts
 * @param isNew whether to read what is on the hypervisor before its first switch, too
 */
export async function connectAll(
  hypervisors: readonly Hypervisor[],
  ports: Ports,
  asked: (hypervisor: string) => readonly string[] = () => [],
  isNew: (hypervisor: string, facts: Facts) => boolean = () => false,
  wanted: Wanted = 'brief',
): Promise<Contact[]> {
  return inParallel(hypervisors, atOnce, async (hypervisor): Promise<Contact> => {
    let host: Host | undefined;
    try {
      host = await ports.connector.connect(hypervisor);
      const facts = await readFacts(host, hypervisor, wanted, asked(hypervisor.name));
      const seenAt = ports.clock.now();
      if (!isNew(hypervisor.name, facts)) return { hypervisor, host, facts, seenAt };
      const runners = await readRunners(host);
      return { hypervisor, host, facts, seenAt, runners };
    } catch (error) {
      host?.close();
      return { hypervisor, facts: error instanceof Error ? error : new Error(String(error)) };
    }
  });
}

export interface Answer<T> {
  readonly hypervisor: Hypervisor;
  /** Why there is no answer: the hypervisor was not reached, was too slow, or answered something else. */
  readonly answer: T | Error;
}

/** Asks every hypervisor that was reached; one that does not answer does not affect the others. */
export function askAll<T>(
  contacts: readonly Contact[],
  ask: (host: Host, hypervisor: Hypervisor) => Promise<T>,
): Promise<Answer<T>[]> {
  return inParallel(contacts, atOnce, async ({ hypervisor, host, facts }): Promise<Answer<T>> => {
    if (facts instanceof Error) return { hypervisor, answer: facts };
    try {
      return { hypervisor, answer: await ask(host as Host, hypervisor) };
    } catch (error) {
      return { hypervisor, answer: error instanceof Error ? error : new Error(String(error)) };
    }
  });
}

/** Connects to each and asks it one thing; what one does not answer costs nobody else. */
export function askEach<T>(
  hypervisors: readonly Hypervisor[],
  { connector }: Pick<Ports, 'connector'>,
  ask: (host: Host, hypervisor: Hypervisor) => Promise<T>,
): Promise<Answer<T>[]> {
  return inParallel(hypervisors, atOnce, async (hypervisor): Promise<Answer<T>> => {
    try {
      const host = await connector.connect(hypervisor);
      try {
        return { hypervisor, answer: await ask(host, hypervisor) };
      } finally {
        host.close();
      }
    } catch (error) {
      return { hypervisor, answer: error instanceof Error ? error : new Error(String(error)) };
    }
  });
}
