import { FleetError } from '../model/errors.ts';

/** Thrown between two steps when a person asked to stop; what this run changed is then put back. */
export class Interrupted extends FleetError {
  constructor() {
    super('interrupted', 'interrupted');
  }
}

/** @throws Interrupted when somebody asked to stop. */
export function checkpoint(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted();
}
