import type { HostConnector } from '../host/host.ts';
import type { Clock } from '../model/time.ts';

/** Everything of the world that the engine touches, beside hypervisors themselves. */
export interface Ports {
  readonly connector: HostConnector;
  readonly clock: Clock;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
