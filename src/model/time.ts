/** Time, so that tests can have their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

/**
 * Seconds since the epoch, for people. Minutes are mostly enough, and UTC is what the logs of hypervisors have.
 * @param length of the text without its zone: 16 to minutes, 19 to seconds
 */
export function timestamp(seconds: number, length: 16 | 19 = 16): string {
  // A record that was cut short must not keep anybody from reading the rest.
  if (!(seconds > 0 && seconds < 253_402_300_800)) return 'an unknown time';
  return `${new Date(seconds * 1000).toISOString().slice(0, length).replace('T', ' ')} UTC`;
}

/** Milliseconds as whole seconds, never fewer. */
export function wholeSeconds(ms: number): string {
  return String(Math.ceil(ms / 1000));
}
