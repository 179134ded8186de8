/** One thing looked at, with what was expected and what was seen. */
export interface CheckResult {
  readonly target: string;
  /** e.g. `tap`, `answers`, `tcp 5432`. */
  readonly check: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly seen: string;
}

/** Without what a plan knows of it besides. */
export function plainCheck({ target, check, ok, expected, seen }: CheckResult): CheckResult {
  return { target, check, ok, expected, seen };
}
