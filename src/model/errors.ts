import type { Diagnostic } from './diagnostic.ts';
import { nextSteps } from './next-steps.ts';
import { plainText } from './plain-text.ts';

/**
 * Exit codes that users script against. 129, 130 and 143 are given by main.ts.
 */
export const exitCodes = {
  ok: 0,
  failed: 1,
  changes: 2,
  rolledBack: 3,
  rollbackFailed: 4,
  locked: 5,
  halted: 6,
  usage: 64,
  config: 65,
  /** Of commands that pass on the exit code of another: as ssh's. */
  ownFailure: 255,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * Whose doing a failure is: `commit`, what was deployed, which alone quarantines and reverts it; `user`,
 * who asked for what cannot be; `world`, everything else: links, disks, reboots, other people.
 */
export type Blames = 'commit' | 'world' | 'user';

/**
 * Something that went wrong outside of fleet's own code and that a person can act on. Anything
 * else that is thrown is a bug and is reported as one. Its words are often others': they are made printable.
 */
export class FleetError extends Error {
  /** Stable, e.g. `ssh.unknown-host-key`. */
  readonly code: string;
  /** What to do about it; may be several lines. Default: what `nextSteps` has. */
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;
  /** Last lines of remote output or of a tool, when they say more than the message. */
  readonly detail: string | undefined;
  #blames: Blames;

  constructor(
    code: string,
    message: string,
    more: {
      hint?: string;
      detail?: string;
      exitCode?: ExitCode;
      cause?: unknown;
      /** Default: `user` where the exit code says usage or config, else `world`. */
      blames?: Blames;
    } = {},
  ) {
    super(plainText(message), more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'FleetError';
    this.code = code;
    const hint = more.hint ?? nextSteps[code];
    this.hint = hint === undefined ? undefined : plainText(hint);
    this.detail = more.detail === undefined ? undefined : plainText(more.detail);
    this.exitCode = more.exitCode ?? exitCodes.failed;
    const isUsers = this.exitCode === exitCodes.usage || this.exitCode === exitCodes.config;
    this.#blames = more.blames ?? (isUsers ? 'user' : 'world');
  }

  /** The same in other words: code, exit code and whose doing it is stay. */
  retold(words: {
    readonly message?: string;
    readonly hint?: string;
    readonly detail?: string | undefined;
  }): FleetError {
    const { message, hint, detail } = { ...this.#words, ...words };
    return new FleetError(this.code, message, {
      ...(hint !== undefined && { hint }),
      ...(detail !== undefined && { detail }),
      exitCode: this.exitCode,
      blames: this.blames,
      cause: this,
    });
  }

  get #words() {
    return { message: this.message, hint: this.hint, detail: this.detail };
  }

  get blames(): Blames {
    return this.#blames;
  }

  /** The same, once more is known about whose doing it is. */
  blaming(blames: Blames): this {
    this.#blames = blames;
    return this;
  }
}

/** A fleet.yaml that cannot be used: all its diagnostics at once. Exit 65. */
export class ConfigError extends FleetError {
  readonly diagnostics: readonly Diagnostic[];
  /** The text the diagnostics point into, for code frames. */
  readonly source: string;

  constructor(diagnostics: readonly Diagnostic[], source: string) {
    const n = diagnostics.filter((d) => d.severity === 'error').length;
    super('config.invalid', `${n} error${n === 1 ? '' : 's'} in fleet.yaml`, {
      exitCode: exitCodes.config,
    });
    this.diagnostics = diagnostics;
    this.source = source;
  }
}
