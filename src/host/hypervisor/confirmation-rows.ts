/** What one target is on once the deployment is confirmed. */
export interface Recorded {
  /** A vm, or `systemName`. */
  readonly name: string;
  readonly fingerprint: string;
  readonly path: string;
  /** What `path` replaces. */
  readonly before: string | undefined;
  readonly commit: string;
  /** A new generation, or a return to one there is. */
  readonly generation: 'new' | 'return';
  /** How that generation is reached, as text; undefined for a hypervisor. */
  readonly expected: string | undefined;
}

/** What a hypervisor writes down of a deployment that is confirmed. */
export interface Confirmation {
  readonly fleet: string;
  readonly recorded: readonly Recorded[];
  /** Names that are held no more. */
  readonly released: readonly string[];
  readonly held: readonly { name: string; from: string; to: string; operator: string }[];
  /** Guests that were looked at, with their runners; `-` for one that was not well. */
  readonly healthy: ReadonlyMap<string, string>;
}

/** The same as the hypervisor reads it: rows of tab-separated fields. Without the last one it takes none. */
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
    ...[...wanted.healthy].map(([name, runner]) => ['healthy', name, runner]),
    ...wanted.released.map((name) => ['release', name]),
    ...wanted.held.map((h) => ['hold', h.name, h.from, h.to, h.operator]),
    ['end'],
  ];
  return rows.map((row) => `${row.join('\t')}\n`).join('');
}
