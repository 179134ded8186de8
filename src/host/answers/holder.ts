import * as shape from './shape.ts';

/** Who has the lock of a hypervisor. */
export interface Holder {
  /** Of the deployment. */
  readonly id: string;
  readonly owner: string;
  readonly operation: string;
  /** Seconds since the epoch; 0: not said. */
  readonly since: number;
}

/** Reads what begin.sh says of who has the lock. Does not throw: that somebody has it is certain. */
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
