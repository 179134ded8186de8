import { isLost } from '../host/lost.ts';
import type { Session } from './session.ts';

/**
 * Lets hypervisors hear of us for as long as a deployment goes on, also those that are done and wait
 * for the others; one that does not hear of us for `confirm` ms puts itself back.
 * @returns what ends it
 */
export function keepLeases(sessions: readonly Session[], confirm: number): () => void {
  const underway = new Set<Session>();
  const tell = async (session: Session): Promise<void> => {
    // A step keeps the time itself, and during a switch only a fresh connection proves anything.
    if (session.isBusy || underway.has(session)) return;
    underway.add(session);
    try {
      await session.renew();
    } catch (error) {
      // Whatever it is, the next step finds out, and says so.
      if (isLost(error) && !session.isBusy) await session.reconnect().catch(() => undefined);
    } finally {
      underway.delete(session);
    }
  };
  const timer = setInterval(() => sessions.forEach((session) => void tell(session)), confirm / 4);
  return () => clearInterval(timer);
}
