/** Something that a rule of fleet.yaml says is wrong on a hypervisor, or was until lately. */
export interface Alert {
  /** Its name there: the rule, and what it is about. */
  readonly alert: string;
  readonly rule: string;
  /** What the rule is about: failed, disk and so on. */
  readonly when: string;
  /** pending: it has not lasted long enough yet. */
  readonly state: 'pending' | 'firing' | 'resolved';
  /** Absent: it is about the hypervisor itself. */
  readonly vm?: string;
  /** The folder of a disk, what differs. */
  readonly what?: string;
  readonly why: string;
  /** Seconds since the epoch: when it was first seen. */
  readonly since: number;
  /** When it began to fire. */
  readonly at?: number;
  readonly resolved?: number;
}

/** A way of telling that does not work, or has not told everything yet. */
export interface UntoldWay {
  readonly way: 'webhook' | 'command';
  readonly waiting: number;
  /** Absent: it works. */
  readonly problem?: string;
  /** Seconds since the epoch. */
  readonly since?: number;
}

/** What a hypervisor knows of its alerts. */
export interface Alerts {
  /** Seconds since the epoch, by its clock. */
  readonly now: number;
  /** When it last looked; absent: not since it booted. */
  readonly looked?: number;
  /** How many rules it has. */
  readonly rules: number;
  readonly alerts: readonly Alert[];
  /** Rules that it cannot judge. */
  readonly unknown: readonly { readonly rule: string; readonly why: string }[];
  readonly untold: readonly UntoldWay[];
}

/** The same of one that was asked; or why it did not answer. */
export interface AlertsOn {
  readonly hypervisor: string;
  readonly answer: Alerts | Error;
}
