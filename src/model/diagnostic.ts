/** One thing wrong (or doubtful) in a file of the user's, as a value: reporters decide how it looks. */
export interface Diagnostic {
  /** Stable, e.g. `E203`; documented in docs/diagnostics.md. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** What is wrong, one sentence without a full stop. */
  readonly message: string;
  /** As the user named it, usually `fleet.yaml`. */
  readonly file: string;
  /** 1-based; 0 when the file as a whole is meant. */
  readonly line: number;
  /** 1-based, in characters; 0 when the line as a whole is meant. */
  readonly column: number;
  /** Length of what the caret underlines, in characters; 0: unknown. */
  readonly length: number;
  /** Where in the data, e.g. `vms.web1.memory`. */
  readonly path: string;
  /** What to write instead. */
  readonly hint?: string;
}
