import type { Duplex, Readable, Writable } from 'node:stream';
import type { HostKey } from '../model/host-key.ts';

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
  /** Ms after which the connection is closed if the script has not ended, once it has begun. Default: no limit. */
  readonly timeoutMs?: number;
  /** The script's name in the error about its time limit. Default: a script. */
  readonly title?: string;
  /** When aborted, `run` no longer waits for the script. The connection stays. */
  readonly signal?: AbortSignal;
  /** It may take minutes: many of the sort run some at a time, and what is short does not wait for them. */
  readonly isLong?: boolean;
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

export interface ExecOptions {
  /** Bytes for the command's standard input, which ends after them; default: none. */
  readonly stdin?: Buffer | string;
  /** Aborted: the command's channel is closed. The connection stays. */
  readonly signal?: AbortSignal;
}

/** A machine that somebody is logged in to: a hypervisor, or a guest through one. */
export interface Shell {
  readonly name: string;
  /** The user we are on the other side. */
  readonly user: string;
  /**
   * Starts a command as `ssh HOST COMMAND` does: the login shell of the user reads it.
   * @throws FleetError `ssh.lost`, `ssh.no-session`, `interrupted`.
   */
  exec(command: string, options?: ExecOptions): Promise<Running>;
  close(): void;
}

/** A guest as somebody logs in to it. */
export interface GuestLogin {
  readonly name: string;
  readonly address: string;
  readonly user: string;
  /** Those that it may show; without any, known_hosts of the desk says which. */
  readonly keys: readonly HostKey[];
}

/**
 * A hypervisor we are connected to: the only way that anything reaches one. Implementations: ssh
 * (src/host/ssh/), and in tests a scripted fake.
 */
export interface Host extends Shell {
  /** Public key ("type base64") that the other side accepted, when known. */
  readonly publicKey: string | undefined;
  /** What ssh connects to: a host name or an address, not an alias of ~/.ssh/config. */
  readonly address: string;
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
  /**
   * Logs in to a guest of it, through this connection and with the keys of the desk.
   * @throws FleetError as `connect`, and as `connectTcp`.
   */
  enter(guest: GuestLogin): Promise<Shell>;
}

/** Makes connections. Each call is a fresh one: nothing is multiplexed or kept. */
export interface HostConnector {
  /** @throws FleetError `ssh.*`: unknown host key, refused, timed out, … */
  connect(hypervisor: import('../model/fleet.ts').Hypervisor): Promise<Host>;
}

/** Where a person wants to be. */
export interface SshGoal {
  readonly hypervisor: import('../model/fleet.ts').Hypervisor;
  /** On the hypervisor, instead of the one of fleet.yaml. */
  readonly user?: string;
  /** In this guest of it. */
  readonly guest?: GuestLogin;
}

/** How OpenSSH's own ssh is started, so that terminal, agent and escapes are as people know them. */
export interface SshCommand {
  readonly options: readonly string[];
  readonly host: string;
  /** Removes what was made for it. */
  close(): void;
}

/** Makes what ssh is started with. @throws FleetError `ssh.config`, `ssh.no-openssh`, `ssh.identity-file` */
export type SshCommander = (to: SshGoal) => Promise<SshCommand>;
