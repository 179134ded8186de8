import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { FleetError } from '../../model/errors.ts';
import type { Terminal } from '../host.ts';
import { forward } from './forward.ts';
import type { Channel, Link } from './link.ts';
import { type Credentials, login, type Session } from './login.ts';
import { connectionLost } from './lost.ts';
import type { Resolved } from './resolve.ts';
import type { Transport } from './socket.ts';
import { ssh2Channel } from './ssh2-channel.ts';

/** Logs in over `under`, which the link closes in the end. */
export async function ssh2Link(
  goal: {
    readonly at: Resolved;
    readonly label: string;
    readonly timeoutMs: number;
    readonly credentials: Credentials;
  },
  under: Transport,
): Promise<Link> {
  const { at, label, timeoutMs, credentials } = goal;
  return new Ssh2Link(label, at, await login(under, at, credentials, label, timeoutMs), under);
}

/** A connection by ssh2. */
class Ssh2Link implements Link {
  readonly label: string;
  readonly at: Resolved;
  readonly client: Client;
  readonly publicKey: string | undefined;
  readonly #under: Transport;
  #error: Error | undefined;
  #closed: boolean = false;

  constructor(label: string, at: Resolved, session: Session, under: Transport) {
    this.label = label;
    this.at = at;
    this.client = session.client;
    this.publicKey = session.publicKey;
    this.#under = under;
    this.client.on('error', (error) => {
      this.#error ??= error;
    });
    this.client.once('close', () => this.close());
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  lost(doing: string): FleetError {
    const why = this.#error?.message ?? 'closed by the other side';
    return connectionLost(this.label, doing, why, this.#error);
  }

  exec(command: string, pty: Terminal | undefined): Promise<Channel> {
    return ssh2Channel(this, command, pty);
  }

  forward(address: string, port: number, timeoutMs: number): Promise<Duplex> {
    return forward(this, address, port, timeoutMs);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.client.end(); // sends a DISCONNECT, if the socket still takes it
    this.#under.close();
  }
}
