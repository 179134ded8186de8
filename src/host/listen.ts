import { createServer, type Socket } from 'node:net';
import { FleetError } from '../model/errors.ts';

/** A port of this machine that is listened on. */
export interface Listening {
  readonly port: number;
  /** Nobody is let in any more, and who is in is out. */
  close(): void;
}

/** Listens on 127.0.0.1; port 0 is any free one. @throws FleetError `forward.port` */
export function listen(port: number, onSocket: (socket: Socket) => void): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE' ? 'is in use here' : 'may not be listened on here';
      const hint = `Another one: ${port < 1024 ? port + 8000 : port + 1}:PORT, or 0:PORT for any that is free.`;
      reject(new FleetError('forward.port', `port ${port} ${taken}`, { hint, cause }));
    });
    server.listen(port, '127.0.0.1', () =>
      resolve({
        port: (server.address() as { port: number }).port,
        close: () => {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      }),
    );
  });
}
