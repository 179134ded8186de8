/**
 * What fleet runs in: read once, where it starts, and handed to whatever needs it. Two that run in one
 * process may have different ones.
 */
export interface Surroundings {
  /** Of this machine's programs that are run: git, ssh, Nix. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder for temporary files. */
  readonly temporary: string;
  /** Aborted once nobody waits any more for work that only looks: whatever git does for it ends. Absent: it may write. */
  readonly over?: AbortSignal;
  /** Sends a signal, or 0 for none, to the group of processes that one of ours leads; false: nobody is left of it. */
  readonly signalGroup: (leader: number, signal: 'SIGTERM' | 'SIGKILL' | 0) => boolean;
}
