import { isLost } from '../host/lost.ts';
import type { Session } from './session.ts';

/**
 * Renews the leases for as long as a deployment goes on, including those of hypervisors that are done and wait for
 * the others. A hypervisor whose lease is not renewed for `confirm` ms rolls itself back.
 * @returns a function that stops this
 */
export function keepLeases(sessions: readonly Session[], confirm: number): () => void {
  const underway = new Set<Session>();
  const tell = async (session: Session): Promise<void> => {
    // A step extends the lease itself, and during a switch only a fresh connection proves anything.
    if (session.isBusy || underway.has(session)) return;
    underway.add(session);
    try {
      await session.renew();
    } catch (error) {
      // Whatever is wrong, the next step meets it and reports it.
      if (isLost(error) && !session.isBusy) await session.reconnect().catch(() => undefined);
    } finally {
      underway.delete(session);
    }
  };
  const timer = setInterval(() => sessions.forEach((session) => void tell(session)), confirm / 4);
  return () => clearInterval(timer);
}
