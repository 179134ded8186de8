import type { Duplex, Readable, Writable } from 'node:stream';
import type { FleetError } from '../../model/errors.ts';
import type { Exit, Terminal } from '../host.ts';
import type { Resolved } from './resolve.ts';

/** One command at the other end, as it comes over the connection. */
export interface Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Known once both outputs have ended; undefined: the connection went first. */
  readonly exit: Promise<Exit | undefined>;
  /** Nothing is sent or read any more; the command may go on. */
  close(): void;
}

/** A logged-in ssh connection and everything under it. */
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
   * A TCP connection made by the machine at the other end.
   * @throws FleetError `ssh.tcp-refused`, `ssh.tcp-forbidden`, `ssh.timed-out`, `ssh.lost`.
   */
  forward(address: string, port: number, timeoutMs: number): Promise<Duplex>;
  /** The error for something that the end of this connection cut short. */
  lost(doing: string): FleetError;
  close(): void;
}
