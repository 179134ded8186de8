import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { FleetError } from '../../model/errors.ts';
import type { Surroundings } from '../../model/surroundings.ts';
import type { Resolved } from './resolve.ts';

/** A byte stream for an ssh connection: TCP, a ProxyCommand or a forwarded port. */
export interface Transport {
  readonly socket: Duplex;
  /** Closes everything at once; nothing keeps the process alive afterwards. */
  close(): void;
  /** The last output of a ProxyCommand, for error messages. */
  said(): Promise<string | undefined>;
}

/** A TCP connection. @throws FleetError `ssh.dns`, `ssh.refused`, `ssh.unreachable`, `ssh.timed-out`. */
export function tcp(at: Resolved, label: string, timeoutMs: number): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: at.hostname, port: at.port, family: at.family, noDelay: true });
    const close = () => socket.destroy();
    const timer = setTimeout(() => {
      close();
      reject(timedOut(label, timeoutMs, 'no answer'));
    }, timeoutMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(tcpError(error, label, at));
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(transport(socket, close));
    });
  });
}

/** Ignores errors of the socket before ssh2 listens for them, and after it has stopped. */
export function transport(
  socket: Duplex,
  close: () => void,
  said: Transport['said'] = () => Promise.resolve(undefined),
): Transport {
  socket.on('error', () => {});
  return { socket, close, said };
}

export function timedOut(label: string, timeoutMs: number, what: string): FleetError {
  return new FleetError('ssh.timed-out', `${label}: ${what} within ${timeoutMs / 1000} s`, {
    hint: 'Is the machine up (see its console, or its power), is the address right, does a firewall drop the packets? ConnectTimeout in ssh_config gives it longer.',
  });
}

const tcpCodes: Readonly<Record<string, readonly [code: string, what: string, hint: string]>> = {
  ENOTFOUND: ['ssh.dns', 'no such host name', 'Check the name, or give an address.'],
  EAI_AGAIN: ['ssh.dns', 'the name server does not answer', 'Check your own network first.'],
  ECONNREFUSED: [
    'ssh.refused',
    'connection refused',
    'The machine is up, but nothing listens there: is the port right, does sshd run? At its console: systemctl restart sshd',
  ],
  ETIMEDOUT: ['ssh.timed-out', 'timed out', 'Is the machine up, does a firewall drop the packets?'],
};

/** The error for a connection that could not be made. */
export function tcpError(
  error: NodeJS.ErrnoException,
  label: string,
  at: Pick<Resolved, 'hostname' | 'port'>,
): FleetError {
  const [code, what, hint] = tcpCodes[error.code ?? ''] ?? [
    'ssh.unreachable',
    error.message || String(error.code),
    'Is there a route to it? A VPN that is down looks like this.',
  ];
  const where = `${at.hostname} port ${at.port}`;
  return new FleetError(code, `${label}: cannot connect to ${where}: ${what}`, {
    hint,
    cause: error,
  });
}

/**
 * Standard input and output of a ProxyCommand. As in OpenSSH the user's shell runs it, with `exec`, so that killing the
 * child kills the command.
 */
export function viaCommand(command: string, env: Surroundings['env']): Transport {
  const shell = env.SHELL || '/bin/sh';
  // In a session of its own, so that Ctrl-C in our terminal does not reach it.
  const child = spawn(shell, ['-c', `exec ${command}`], { stdio: 'pipe', detached: true, env });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-4096);
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const socket = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.on('error', (error) => socket.destroy(error));
  const close = () => {
    child.kill();
    socket.destroy();
  };
  const said = async () => {
    await Promise.race([ended, sleep(500, undefined, { ref: false })]);
    return stderr.trim() || undefined;
  };
  return transport(socket, close, said);
}
