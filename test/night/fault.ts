import type { Night } from './night.ts';

/** What one command, or one pair of hands, does about a fault. */
export type Step = Command | Printed | ByHand;

/** A command of fleet's. */
export interface Command {
  /** Without `fleet`; `--yes` is the test's, a person is asked. */
  readonly fleet: string;
  /** Default: 0. */
  readonly exit?: number;
  /** What it says, each in this order of lines or another; `…` stands for anything. Of the first command: on its first screen. */
  readonly shows?: readonly string[];
  /** What the screens before it name instead of all of it; `''`: it is known. */
  readonly named?: string;
  /** What docs/on-call.md has instead of it, where it is long. */
  readonly as?: string;
}

/** A line that a screen before has printed, to be copied. */
export interface Printed {
  readonly printed: RegExp;
  /** As docs/on-call.md has it. */
  readonly as: string;
}

/** Something that nobody can do from a desk. */
export interface ByHand {
  readonly hand: string;
  readonly happens: (night: Night) => Promise<unknown>;
}

/** A fault, and the way out of it: a row of docs/on-call.md. */
export interface Fault {
  /** In the words of whoever is on call. */
  readonly symptom: string;
  /** What mends it, and what that means. */
  readonly mends: string;
  /** It is made on real hypervisors, too. */
  readonly lab?: true;
  /** Makes it. @returns what takes away what is left of it, when the row has failed or is over */
  readonly make: (night: Night) => Promise<(() => unknown) | undefined>;
  readonly steps: readonly [Command, ...Step[]];
  /** With a test's own eyes. */
  readonly isMended?: (night: Night) => Promise<unknown>;
}
