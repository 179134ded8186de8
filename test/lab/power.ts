import type { run } from './run.ts';

/** The power switch, the console and the network cable of one host, whatever it is made of. */
export interface Power {
  /** Switches on and waits until the machine has booted, whatever became of its units. */
  boot(): Promise<void>;
  untilBooted(): Promise<void>;
  /** Pulls the cable, or puts it back. */
  setCut(isCut: boolean): Promise<void>;
  /** Power off as it is done by command. */
  shutDown(): Promise<void>;
  /** Power loss. */
  kill(): Promise<void>;
  /** Reboots by command. Resolves when the machine is up again. */
  reboot(): Promise<void>;
  /** Runs a shell command as root inside. */
  exec(command: string, timeoutMs?: number): ReturnType<typeof run>;
  /** Everything the machine has written to its console since it was made. */
  console(): string;
}
