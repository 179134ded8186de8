/** Options that every command has. */
export interface CommonOptions {
  /** `-C`: the fleet repository. */
  readonly directory: string;
  /** `--config`: name of the fleet file in it. */
  readonly config: string;
  /** `--ssh-config`: instead of ~/.ssh/config. */
  readonly sshConfig?: string;
}

export interface Invocation {
  readonly common: CommonOptions;
  /** Aborted when a person asked to stop. */
  readonly signal: AbortSignal;
}
