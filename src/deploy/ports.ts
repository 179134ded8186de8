import type { HostConnector } from '../host/host.ts';

/** Time, so that tests can have their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** Everything of the world that the engine touches, beside hypervisors themselves. */
export interface Ports {
  readonly connector: HostConnector;
  readonly clock: Clock;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
