/** What happens on a hypervisor, as its spool has it: docs/spool.md. Those of `spool.` are about the spool itself. */
export const spoolKinds = [
  'spool.epoch',
  'spool.mended',
  'spool.gap',
  'spool.fork',
  'host.booted',
  'guest.started',
  'guest.ready',
  'guest.ended',
  'guest.again',
  'guest.failed',
  'guest.unhealthy',
  'guest.healthy',
  'guest.restarted',
  'guest.held',
  'guest.paused',
  'guest.dumped',
  'guest.shed',
  'guest.unshed',
  'helper.ended',
  'network.broken',
  'network.repaired',
  'incident.began',
  'incident.ended',
  'deployment.began',
  'deployment.locked',
  'deployment.confirmed',
  'deployment.way-back',
  'deployment.unlocked',
  'deployment.ended',
  'operation.began',
  'operation.ended',
  'vm.stopped',
  'vm.released',
  'hold.began',
  'hold.ended',
  'drift.found',
  'drift.gone',
  'orphan.found',
  'orphan.gone',
  'orphan.stopped',
  'state.found',
  'memory.short',
  'memory.enough',
  'balloon.set',
  'gc.ran',
  'gc.failed',
  'garbage.grown',
  'cleanup.removed',
  'alert.firing',
  'alert.resolved',
  'agent.lost',
  'agent.back',
] as const;

export type SpoolKind = (typeof spoolKinds)[number];

/** One thing that happened on a hypervisor. (hypervisor, epoch, seq) is its name, and never another's. */
export interface SpoolEvent {
  /** Of the numbering: it begins anew at each boot, and whenever it is in doubt. Epochs sort as text. */
  readonly epoch: string;
  readonly seq: number;
  /** Seconds since the epoch, by the clock there. */
  readonly at: number;
  /** Seconds since it booted. */
  readonly up: number;
  /** One of `spoolKinds`, or one that a newer fleet writes. */
  readonly kind: string;
  /** The vm that it is about; else it is about the hypervisor. */
  readonly vm: string | undefined;
  /** What else is known, by the names that the kind has. */
  readonly fields: Readonly<Record<string, SpoolValue>>;
}

export type SpoolValue = string | number | boolean | null;

/** An event, and where it happened. */
export interface FleetSpoolEvent extends SpoolEvent {
  readonly hypervisor: string;
}

/** Where one stands in the spool of a hypervisor, as the next call wants it. */
export const cursorOf = ({ epoch, seq }: Pick<SpoolEvent, 'epoch' | 'seq'>): string =>
  `${epoch}:${seq}`;
