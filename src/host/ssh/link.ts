import type { Duplex, Readable, Writable } from 'node:stream';
import type { FleetError } from '../../model/errors.ts';
import type { Exit, Terminal } from '../host.ts';
import type { Resolved } from './resolve.ts';

/** One command at the other end. */
export interface Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when both outputs have ended; undefined: the connection was lost first. */
  readonly exit: Promise<Exit | undefined>;
  /** Stops sending and reading; the command itself may go on. */
  close(): void;
}

/** A logged-in ssh connection, with its jump hosts. */
export interface Link {
  /** For messages: `hv1 (root@203.0.113.20:22)`. */
  readonly label: string;
  readonly at: Resolved;
  /** "type base64" of the key that let us in, when one did. */
  readonly publicKey: string | undefined;
  readonly isClosed: boolean;
  /** Starts a command. @throws FleetError `ssh.lost`, `ssh.no-session`. */
  exec(command: string, pty: Terminal | undefined): Promise<Channel>;
  /**
   * Opens a TCP connection from the machine at the other end.
   * @throws FleetError `ssh.tcp-refused`, `ssh.tcp-forbidden`, `ssh.timed-out`, `ssh.lost`.
   */
  forward(address: string, port: number, timeoutMs: number): Promise<Duplex>;
  /** The error for something that this connection's end interrupted. */
  lost(doing: string): FleetError;
  close(): void;
}
