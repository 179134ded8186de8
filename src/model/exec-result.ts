import type { FleetError } from './errors.ts';

/** How a command ended on one machine. */
export interface ExecResult {
  readonly name: string;
  readonly hypervisor: string;
  /** Exit status; absent: fleet failed. 255 also when it was ended by a signal. */
  readonly code?: number;
  /** The signal without its SIG, where ssh says which. */
  readonly signal?: string;
  /** Why there is no exit status. */
  readonly failure?: FleetError;
  /** From the login on. */
  readonly ms: number;
}

/** Told what happens, and waited for: a slow reader makes the commands wait. */
export interface ExecListener {
  /** The machines, before anything runs on them. */
  begin(machines: readonly string[]): void;
  output(machine: string, stream: 'stdout' | 'stderr', chunk: Buffer): Promise<void>;
  ended(result: ExecResult): Promise<void>;
}

/** The worst of them: the highest exit status, 255 where fleet failed. */
export function worstOf(results: readonly ExecResult[]): number {
  return Math.max(0, ...results.map(({ code = 255 }) => code));
}
