import * as shape from './shape.ts';

/** Who holds the lock of a hypervisor. */
export interface Holder {
  /** The id of the deployment or operation. */
  readonly id: string;
  readonly owner: string;
  readonly operation: string;
  /** Seconds since the epoch; 0: unknown. */
  readonly since: number;
}

/** Reads who holds the lock, as begin.sh prints it. Does not throw, because that somebody holds it is certain. */
export function parseHolder(said: string): Holder {
  const [id, owner, operation, since] = said.split('\t');
  const seconds = Number(since ?? 0);
  return {
    id: shape.words(id),
    owner: shape.words(owner) || 'somebody',
    operation: shape.words(operation),
    since: Number.isSafeInteger(seconds) ? seconds : 0,
  };
}
