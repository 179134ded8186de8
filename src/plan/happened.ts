import type { SpoolEvent } from '../model/spool-event.ts';

/** Events that are told. */
const told = 20;

/**
 * The last events that are a vm's: its own, those of its TAPs and bridges, and incidents that it was part of.
 * @param wired names of what it is connected by
 */
export function happenedTo(
  vm: string,
  wired: ReadonlySet<string>,
  events: readonly SpoolEvent[],
): readonly SpoolEvent[] {
  let inIncident = false;
  const isIts = ({ kind, vm: of, fields }: SpoolEvent): boolean => {
    if (of !== undefined) return of === vm;
    const words = (text: unknown) => String(text ?? '').split(/[^\w.-]+/);
    // From anywhere: the kernel forwards nothing at all.
    if (kind.startsWith('network.'))
      return words(fields.what).some((word) => wired.has(word) || word === 'anywhere');
    const was = inIncident;
    if (kind === 'incident.began') inIncident = words(fields.vms).includes(vm);
    if (kind === 'incident.ended') inIncident = false;
    return kind === 'incident.ended' ? was : inIncident;
  };
  return inOrder(events).filter(isIts).slice(-told);
}

/** By epoch, which sorts as text, and number. */
export const inOrder = (events: readonly SpoolEvent[]): readonly SpoolEvent[] =>
  events.toSorted((a, b) => (a.epoch === b.epoch ? a.seq - b.seq : a.epoch < b.epoch ? -1 : 1));
