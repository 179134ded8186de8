import { existsSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { FleetError } from '../../model/errors.ts';
import type { Terminal } from '../host.ts';
import { expandHome } from './expand.ts';
import { forward } from './forward.ts';
import type { Channel, Link } from './link.ts';
import { credentials, login, type Session } from './login.ts';
import { type Destination, type Resolved, resolve } from './resolve.ts';
import { tcp, viaCommand, type Way, way } from './socket.ts';
import { ssh2Channel } from './ssh2-channel.ts';

/** Options of `sshConnector`. */
export interface SshOptions {
  /** Read instead of ~/.ssh/config and /etc/ssh/ssh_config, as `ssh -F` does. */
  readonly configFile?: string;
  /** Default 10 s; ConnectTimeout in ssh_config wins. */
  readonly connectTimeoutMs?: number;
}

/** A connection that ssh2 speaks. */
class Ssh2Link implements Link {
  readonly label: string;
  readonly at: Resolved;
  readonly client: Client;
  readonly publicKey: string | undefined;
  readonly #under: Way;
  #error: Error | undefined;
  #closed: boolean = false;

  constructor(label: string, at: Resolved, session: Session, under: Way) {
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

  /** The error for something that the end of this connection cut short. */
  lost(doing: string): FleetError {
    const why = this.#error?.message ?? 'closed by the other side';
    return new FleetError('ssh.lost', `${this.label}: connection lost while ${doing}: ${why}`, {
      hint: 'What ran there may still be running, or half done. Look before trying again.',
      cause: this.#error,
    });
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
    this.client.end(); // a polite goodbye, for as long as the socket takes one
    this.#under.close();
  }
}

/** Far more than anyone chains; a ProxyJump that leads back to itself gets here. */
const maxHops = 8;

/** Connects and logs in, through jump hosts where there are any, verifying each one's key. */
export async function openLink(
  to: Destination,
  name: string,
  options: SshOptions,
  hops = 0,
): Promise<Link> {
  if (hops > maxHops)
    throw new FleetError('ssh.config', `${name}: more than ${maxHops} jump hosts`, {
      hint: 'Does a ProxyJump lead back to itself?',
    });
  if (to.identityFile !== undefined && !existsSync(expandHome(to.identityFile)))
    throw new FleetError('ssh.identity-file', `${name}: there is no file ${to.identityFile}`, {
      hint: "Correct the hypervisor's ssh.identityFile in fleet.yaml.",
    });
  const at = await resolve(to, options.configFile);
  const label = `${name} (${at.user}@${at.keyName})`;
  const timeoutMs = at.connectTimeoutMs ?? options.connectTimeoutMs ?? 10_000;
  const ours = await credentials(at);
  const under = await reach(at, name, label, timeoutMs, options, hops);
  try {
    return new Ssh2Link(label, at, await login(under, at, ours, label, timeoutMs), under);
  } catch (error) {
    under.close();
    throw error;
  }
}

async function reach(
  at: Resolved,
  name: string,
  label: string,
  timeoutMs: number,
  options: SshOptions,
  hops: number,
): Promise<Way> {
  if (at.proxyCommand !== undefined) return viaCommand(at.proxyCommand);
  if (at.proxyJump === undefined) return tcp(at, label, timeoutMs);
  const jump = await openLink(lastJump(at.proxyJump), `jump host of ${name}`, options, hops + 1);
  try {
    const socket = await jump.forward(at.hostname, at.port, timeoutMs);
    return way(socket, () => jump.close());
  } catch (error) {
    jump.close();
    throw error;
  }
}

/** `a,b,c`: c is reached through a and b. */
function lastJump(jumps: string): Destination {
  const all = jumps.split(',');
  const last = all.pop() ?? '';
  const match = /^(?:ssh:\/\/)?(?:(.*)@)?(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(last);
  const [, user, host = last, port] = match ?? [];
  return {
    host: host.replace(/^\[|\]$/g, ''),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(all.length === 0 ? {} : { jump: all.join(',') }),
  };
}
