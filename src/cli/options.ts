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
  /**
   * Runs what changes something: it comes to its own end. `becomes` says what becomes of it when a person
   * asks to stop. All else then ends at once.
   */
  readonly changing: <T>(becomes: () => string, work: () => Promise<T>) => Promise<T>;
}
