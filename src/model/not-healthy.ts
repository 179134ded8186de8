import type { CheckResult } from './check-result.ts';
import { FleetError } from './errors.ts';

/** Checks failed: an error with the last result of every check. It blames the commit unless told otherwise. */
export class NotHealthy extends FleetError {
  readonly target: string;
  readonly checks: readonly CheckResult[];
  /** Last lines of the guests it is about, and of their helpers. */
  readonly lines: readonly string[];
  readonly #why: string;

  constructor(
    target: string,
    why: string,
    checks: readonly CheckResult[],
    hint?: string,
    lines: readonly string[] = [],
  ) {
    const failed = checks
      .filter((c) => !c.ok)
      .map((c) => `${c.target} ${c.check}: expected ${c.expected}, seen ${c.seen}`);
    super('verify.not-healthy', `${target} ${why}`, {
      ...(hint !== undefined && { hint }),
      detail: [...failed, ...lines].join('\n'),
      // A failed check blames the commit, unless more is known.
      blames: 'commit',
    });
    this.target = target;
    this.#why = why;
    this.checks = checks;
    this.lines = lines;
  }

  /** The same, with why. */
  with(lines: readonly string[]): NotHealthy {
    return new NotHealthy(this.target, this.#why, this.checks, this.hint, lines).blaming(
      this.blames,
    );
  }
}
