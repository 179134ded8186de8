/**
 * What fleet runs in: read once, where it starts, and handed to whatever needs it. Two that run in one
 * process may have different ones.
 */
export interface Surroundings {
  /** Of this machine's programs that are run: git, ssh, Nix. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder for temporary files. */
  readonly temporary: string;
  /** Sends a signal to a group of processes that one of ours leads; one that is gone is no error. */
  readonly endGroup: (leader: number, signal: 'SIGTERM' | 'SIGKILL') => void;
}
