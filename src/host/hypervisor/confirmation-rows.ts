/** What is recorded about one target once the deployment is confirmed. */
export interface Recorded {
  /** A vm, or `systemName`. */
  readonly name: string;
  readonly fingerprint: string;
  readonly path: string;
  /** The store path that `path` replaces. */
  readonly before: string | undefined;
  readonly commit: string;
  /** A new generation, or a return to an existing one. */
  readonly generation: 'new' | 'return';
  /** Its TAPs, bridges and address, as text; undefined for a hypervisor. */
  readonly expected: string | undefined;
}

/** What a hypervisor records about a confirmed deployment. */
export interface Confirmation {
  readonly fleet: string;
  readonly recorded: readonly Recorded[];
  /** Vms whose next runner waits for a restart. */
  readonly waiting?: readonly Pick<
    Recorded,
    'name' | 'fingerprint' | 'path' | 'commit' | 'expected'
  >[];
  /** Targets that are no longer held. */
  readonly released: readonly string[];
  readonly held: readonly { name: string; from: string; to: string; operator: string }[];
  /** The runner of each guest that was checked; `-` for one that was not healthy. */
  readonly healthy: ReadonlyMap<string, string>;
}

/** The same as confirm.sh reads it: rows of tab-separated fields. Without the last row it accepts none. */
export function confirmationRows(wanted: Confirmation): string {
  const rows = [
    ['fleet', wanted.fleet],
    ...wanted.recorded.map((r) => [
      'record',
      r.name,
      r.fingerprint,
      r.path,
      r.before ?? '-',
      r.commit,
      r.generation,
      r.expected ?? '-',
    ]),
    ...(wanted.waiting ?? []).map((w) => [
      'wait',
      w.name,
      w.fingerprint,
      w.path,
      w.commit,
      w.expected ?? '-',
    ]),
    ...[...wanted.healthy].map(([name, runner]) => ['healthy', name, runner]),
    ...wanted.released.map((name) => ['release', name]),
    ...wanted.held.map((h) => ['hold', h.name, h.from, h.to, h.operator]),
    ['end'],
  ];
  return rows.map((row) => `${row.join('\t')}\n`).join('');
}
