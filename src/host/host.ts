import type { Duplex, Readable, Writable } from 'node:stream';

/** The result of a remote command. */
export interface RunResult {
  /** Exit status; 255 if a signal ended the command. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Bytes for the script's standard input. */
  readonly stdin?: Buffer | string;
  /**
   * Called with every line of the script's standard output as it arrives, cut at 1 MiB. The result then has only the end
   * of the output.
   */
  readonly onLine?: (line: string) => void;
  /** Ms after which the connection is closed if the script has not ended. Default: no limit. */
  readonly timeoutMs?: number;
  /** The script's name in the error about its time limit. Default: a script. */
  readonly title?: string;
  /** When aborted, `run` no longer waits for the script. The connection stays. */
  readonly signal?: AbortSignal;
}

/** A terminal that a script is given. */
export interface Terminal {
  /** As TERM says it. */
  readonly type: string;
  readonly columns: number;
  readonly rows: number;
}

export interface OpenOptions {
  /** Bytes for the script's standard input, and its end; without it `stdin` is the caller's to end. */
  readonly stdin?: Buffer | string;
  /** Runs on a terminal: both outputs are `stdout` then. */
  readonly pty?: Terminal;
  /** Aborted: the script's channel is closed. The connection stays. */
  readonly signal?: AbortSignal;
}

/** How a remote command ended. */
export interface Exit {
  /** Exit status; 255 when the command was ended by a signal. */
  readonly code: number;
  /** The signal without its SIG, where the adapter hears it. */
  readonly signal?: string;
}

/**
 * A script that runs at the other end. Nobody reads ahead: what is not read makes the script wait. Both
 * outputs end with the script, also when the connection is lost: `exit` says which.
 */
export interface Running {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * Known once both outputs were read to their end, or resumed.
   * @throws FleetError `ssh.lost`, `ssh.not-started` (no sudo, no shell), `remote.too-much` (of what a login
   * shell says first), `interrupted`.
   */
  readonly exit: Promise<Exit>;
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
   * Starts a script with its arguments passed as arguments.
   * @throws FleetError `ssh.lost`, `ssh.no-session`, `interrupted`.
   */
  open(script: string, args: readonly string[], options?: OpenOptions): Promise<Running>;
  /**
   * Runs a script of src/host/scripts/ to its end.
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
