/** Parts of what is said about a vm, as `--unit` names them; `system`: a hypervisor's own. */
export const logUnits = ['console', 'microvm', 'virtiofsd', 'tap', 'fleet'] as const;

export type LogUnit = (typeof logUnits)[number] | 'system';

/** One line that somebody wrote to the journal of a hypervisor. */
export interface LogLine {
  readonly hypervisor: string;
  /** The vm that it is of or about, else the hypervisor. */
  readonly name: string;
  readonly unit: LogUnit;
  /** Microseconds since the epoch, by the clock there. */
  readonly at: number;
  /** Who wrote it, as the journal knows it: `systemd`, `sshd`, `kernel`. */
  readonly by: string;
  /** As syslog counts: 0 is an emergency, 7 debugging. Undefined: none was given. */
  readonly priority: number | undefined;
  /** Printable, without colours, cut to what a person reads. */
  readonly text: string;
}

/** Order in which they were written. */
export const byTime = (a: LogLine, b: LogLine): number => a.at - b.at;
