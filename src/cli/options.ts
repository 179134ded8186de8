/** Options that every command has. */
export interface CommonOptions {
  /** `-C`: the fleet repository. */
  readonly directory: string;
  /** `--config`: name of the fleet file in it. */
  readonly config: string;
  /** `--ssh-config`: instead of ~/.ssh/config. */
  readonly sshConfig?: string;
}

/** Where no option says otherwise. */
export const usual: CommonOptions = { directory: '.', config: 'fleet.yaml' };

export interface Invocation {
  readonly common: CommonOptions;
  /** Aborted when a person asked to stop. */
  readonly signal: AbortSignal;
}
