import { FleetError } from '../model/errors.ts';

/** Thrown between two steps when a person asked to stop; what this run changed is then rolled back. */
export class Interrupted extends FleetError {
  constructor(message = 'interrupted') {
    super('interrupted', message);
  }
}

/** @throws Interrupted if somebody asked to stop. */
export function checkpoint(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted();
}

/**
 * The result of `work`, or Interrupted as soon as somebody asks to stop. For work that only looks and may be abandoned
 * half-way; what it still does then is ignored.
 */
export async function unlessInterrupted<T>(
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const message = 'interrupted; nothing was changed';
  if (signal.aborted) throw new Interrupted(message);
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(new Interrupted(message));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work(), stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
