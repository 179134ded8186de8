import { connect, type Socket } from 'node:net';
import { FleetError } from '../../model/errors.ts';

/** A TCP connection from this machine. @throws FleetError `ssh.tcp-refused`, `ssh.timed-out`, as through ssh */
export function dial(
  label: string,
  address: string,
  port: number,
  timeoutMs: number,
): Promise<Socket> {
  const to = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true });
    const fail = (code: string, why: string, cause?: Error) => {
      socket.destroy();
      reject(new FleetError(code, `${label}: ${to} ${why}`, { ...(cause && { cause }) }));
    };
    const timer = setTimeout(
      () => fail('ssh.timed-out', `did not answer within ${timeoutMs / 1000} s`),
      timeoutMs,
    );
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      // Whoever uses it says what went wrong; until then nothing of it may end the process.
      socket.on('error', () => {});
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      fail(
        'ssh.tcp-refused',
        `does not accept connections (${error.code ?? error.message})`,
        error,
      );
    });
  });
}

/** Whether an sshd greets whoever connects. */
export async function sshdAnswers(port: number, timeoutMs: number): Promise<boolean> {
  let socket: Socket;
  try {
    socket = await dial('sshd', '127.0.0.1', port, timeoutMs);
  } catch {
    return false;
  }
  return new Promise((resolve) => {
    const end = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    socket.once('data', (data) => end(data.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}
