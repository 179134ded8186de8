import type { Duplex } from 'node:stream';

/** What one remote command did. */
export interface RunResult {
  /** Exit status; 255 when the command was ended by a signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Bytes for the script's standard input. */
  readonly stdin?: Buffer | string;
  /**
   * Called with every whole line of the script's standard output as it arrives, without what is beyond
   * 1 MiB of it; the result then has the end of the output only.
   */
  readonly onLine?: (line: string) => void;
  /** Milliseconds without an end after which the connection is given up. Default: none. */
  readonly timeoutMs?: number;
  /** What it is called in the error about its limit. Default: a script. */
  readonly title?: string;
  /** Aborted: nobody waits for the script any more. The connection stays. */
  readonly signal?: AbortSignal;
}

/**
 * A hypervisor we are connected to: the only way that anything reaches one. Implementations: ssh
 * (src/host/ssh/), and in tests a scripted fake.
 */
export interface Host {
  readonly name: string;
  /** The user we are on the other side. */
  readonly user: string;
  /** Public key ("type base64") that the other side accepted, when known. */
  readonly publicKey: string | undefined;
  /** The port of sshd that we are connected to. */
  readonly port: number;
  /**
   * Runs a script of src/host/scripts/ with its arguments passed as arguments.
   * @throws FleetError `ssh.lost`, `ssh.timed-out`, `ssh.not-started` (no sudo, no shell),
   * `remote.too-much` (over 16 MiB of output; the connection is closed), `interrupted`; a non-zero exit
   * is a result, not an error.
   */
  run(script: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /**
   * A TCP connection from the hypervisor to `address`, through the ssh connection.
   * @throws FleetError `ssh.tcp-refused`, `ssh.tcp-forbidden` (sshd allows none), `ssh.timed-out`, `ssh.lost`.
   */
  connectTcp(address: string, port: number, timeoutMs: number): Promise<Duplex>;
  close(): void;
}

/** Makes connections. Each call is a fresh one: nothing is multiplexed or kept. */
export interface HostConnector {
  /** @throws FleetError `ssh.*`: unknown host key, refused, timed out, … */
  connect(hypervisor: import('../model/fleet.ts').Hypervisor): Promise<Host>;
}
