/** What a hypervisor does by itself about a guest; durations in milliseconds. */
export interface Recovery {
  readonly restart: 'always' | 'on-failure' | 'never';
  /** Ends or hangs within `interval` that are restarted at once. */
  readonly attempts: number;
  readonly interval: number;
  readonly delay: number;
  /** By how much `delay` grows each time, up to `maxDelay`. */
  readonly backoff: number;
  readonly maxDelay: number;
  readonly maxPerHour: number;
  readonly giveUp: 'fail' | 'keep-trying';
  readonly unhealthy: {
    /** Failed looks in a row. */
    readonly after: number;
    readonly every: number;
    readonly restart: boolean;
  };
}

export interface Dumps {
  /** The memory of a guest that hangs is kept before it is restarted. */
  readonly guest: boolean;
}

/** What an alert can be about. */
export type AlertKind =
  | 'failed'
  | 'restarting'
  | 'unhealthy'
  | 'disk'
  | 'memory'
  | 'clock'
  | 'snapshot'
  | 'drift';

export interface AlertRule {
  readonly when: AlertKind;
  /** How long it has to last, in milliseconds. */
  readonly for: number;
  /** Percent of disk and memory, restarts in an hour, milliseconds of the clock and of a snapshot's age; absent where there is no limit. */
  readonly above?: number;
  /** Selects vms (src/model/selector.ts); absent: all of the hypervisor. */
  readonly vms?: string;
}

export interface Alerts {
  /** Files on the hypervisor: fleet knows where they are, never what is in them. */
  readonly webhookFile?: string;
  readonly command?: string;
  readonly rules: readonly AlertRule[];
}

/** What is collected by itself. */
export interface Collection {
  /** Generations that stay, whatever their age. */
  readonly keep: number;
  /** Milliseconds. */
  readonly olderThan: number;
}

/** What is alerted about where fleet.yaml asks for alerts, and does not say about what. */
export const defaultAlertRules: readonly AlertRule[] = [
  { when: 'failed', for: 60_000 },
  { when: 'restarting', for: 0, above: 5 },
  { when: 'unhealthy', for: 300_000 },
  { when: 'disk', for: 300_000, above: 90 },
  { when: 'memory', for: 600_000, above: 95 },
  { when: 'clock', for: 600_000, above: 1000 },
  { when: 'drift', for: 1_800_000 },
];
