import type { Context } from './context.ts';

/** What one target is on once the deployment is confirmed. */
export interface Recorded {
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

/** What a deployment has brought to one hypervisor, written down there when it is confirmed. */
export interface Outcome {
  /** What changed, a line each, for people. */
  readonly lines: readonly string[];
  readonly recorded: readonly Recorded[];
  readonly released: readonly string[];
  readonly held: readonly { name: string; from: string; to: string; operator: string }[];
  /** The system that has to become the boot default. */
  readonly boot?: { readonly toplevel: string; readonly generation: 'new' | 'return' };
}

/** What is to be done on one hypervisor, in the two halves that a rollout has. */
export interface Work {
  /** Checkout and build: nothing that runs is touched. */
  prepare(ctx: Context): Promise<void>;
  /** Changes what runs, and looks at each until it is healthy. @throws whatever went wrong. */
  activate(ctx: Context): Promise<Outcome>;
}

/**
 * The outcome as confirm.sh and finish (deployments.sh) read it: rows of tab-separated fields.
 * @param healthy guests that were looked at, with their runners; `-` for one that was not well
 */
export function outcomeRows(
  fleet: string,
  outcome: Outcome,
  healthy: ReadonlyMap<string, string> = new Map(),
): string {
  const rows = [
    ['fleet', fleet],
    ...outcome.recorded.map((r) => [
      'record',
      r.name,
      r.fingerprint,
      r.path,
      r.before ?? '-',
      r.commit,
      r.generation,
      r.expected ?? '-',
    ]),
    ...[...healthy].map(([name, runner]) => ['healthy', name, runner]),
    ...outcome.released.map((name) => ['release', name]),
    ...outcome.held.map((h) => ['hold', h.name, h.from, h.to, h.operator]),
    ['end'],
  ];
  return rows.map((row) => `${row.join('\t')}\n`).join('');
}
