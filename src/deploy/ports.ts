import type { HostConnector } from '../host/host.ts';
import type { Clock } from '../model/time.ts';

/** Everything outside the process that the engine touches, besides hypervisors. */
export interface Ports {
  readonly connector: HostConnector;
  readonly clock: Clock;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
