import { FleetError } from '../../model/errors.ts';
import type { Link } from './link.ts';

/**
 * Sessions at a time over one connection. An sshd opens ten (MaxSessions of sshd_config(5)), and one that has just ended
 * here may not have ended there.
 */
const most = 9;
/** Of these for what may take minutes: looks and leases do not wait for it. */
const mostLong = 5;

interface Turns {
  running: number;
  long: number;
  readonly waiting: Waiting[];
}

interface Waiting {
  readonly isLong: boolean;
  readonly begin: () => void;
}

const all = new WeakMap<Link, Turns>();

/**
 * Waits until another session may be opened.
 * @returns what is to be called when it has ended
 * @throws FleetError `interrupted`
 */
export async function takeTurn(
  link: Link,
  isLong: boolean,
  signal: AbortSignal | undefined,
): Promise<() => void> {
  const turns = all.get(link) ?? { running: 0, long: 0, waiting: [] };
  all.set(link, turns);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const own = { isLong, begin: resolve };
  const leave = () => {
    const at = turns.waiting.indexOf(own);
    if (at < 0) return;
    turns.waiting.splice(at, 1);
    reject(new FleetError('interrupted', 'interrupted'));
  };
  turns.waiting.push(own);
  if (signal?.aborted) leave();
  signal?.addEventListener('abort', leave, { once: true });
  beginNext(turns);
  try {
    await promise;
  } finally {
    signal?.removeEventListener('abort', leave);
  }
  return () => {
    turns.running -= 1;
    if (isLong) turns.long -= 1;
    beginNext(turns);
  };
}

function beginNext(turns: Turns): void {
  while (turns.running < most) {
    const at = turns.waiting.findIndex(({ isLong }) => !isLong || turns.long < mostLong);
    const [next] = at < 0 ? [] : turns.waiting.splice(at, 1);
    if (!next) return;
    turns.running += 1;
    if (next.isLong) turns.long += 1;
    next.begin();
  }
}
