import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { FleetError } from '../../model/errors.ts';
import { timedOut } from './socket.ts';

/** The part of a link that forwarding needs. */
export interface Forwarder {
  readonly client: Client;
  readonly label: string;
  readonly isClosed: boolean;
  lost(doing: string): FleetError;
}

/**
 * Opens a TCP connection from the machine at the other end of `link`.
 * @throws FleetError `ssh.tcp-refused`, `ssh.tcp-forbidden`, `ssh.timed-out`, `ssh.lost`.
 */
export function forward(
  link: Forwarder,
  address: string,
  port: number,
  timeoutMs: number,
): Promise<Duplex> {
  const where = `${address} port ${port}`;
  return new Promise((resolve, reject) => {
    if (link.isClosed) return reject(link.lost(`connecting to ${where}`));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(timedOut(link.label, timeoutMs, `no connection to ${where}`));
    }, timeoutMs);
    const onOpen = (error: Error | undefined, channel: Duplex | undefined) => {
      clearTimeout(timer);
      if (late) channel?.destroy();
      else if (channel) resolve(channel);
      else if (link.isClosed) reject(link.lost(`connecting to ${where}`));
      else {
        const forbidden = (error as { reason?: unknown } | undefined)?.reason === 1; // SSH_OPEN_ADMINISTRATIVELY_PROHIBITED
        reject(forwardError(link.label, where, error?.message ?? 'no answer', forbidden));
      }
    };
    try {
      link.client.forwardOut('127.0.0.1', 0, address, port, onOpen);
    } catch {
      clearTimeout(timer);
      reject(link.lost(`connecting to ${where}`)); // ssh2 throws when the socket is half closed
    }
  });
}

/** The error for a connection to `where` that the machine at the other end could not make. */
export function forwardError(
  label: string,
  where: string,
  why: string,
  forbidden: boolean,
): FleetError {
  return new FleetError(
    forbidden ? 'ssh.tcp-forbidden' : 'ssh.tcp-refused',
    `${label}: it cannot connect to ${where}: ${why}`,
    {
      hint: forbidden
        ? "Its sshd forbids forwarding: AllowTcpForwarding, PermitOpen, or the key's options."
        : 'Is something listening there?',
    },
  );
}
