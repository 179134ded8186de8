/**
 * A machine that is nothing but a network namespace: what its parent asks for it does from within.
 * It ends with its parent, and the namespace with it.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createSocket, type SocketType } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect, createServer, isIPv6, type Socket } from 'node:net';
import { answer } from './name-server.ts';

const children: ChildProcess[] = [];
const open = new Map<string, Socket>();

function leave(): void {
  for (const child of children) child.kill('SIGKILL');
  process.exit();
}

/** How an attempt ended: what was answered, `refused` at once, or `silence`. */
function attempt(
  ms: number,
  start: (answered: (text: string) => void, refused: () => void) => () => void,
): Promise<string> {
  return new Promise((resolve) => {
    const end = (result: string) => {
      clearTimeout(timer);
      stop();
      resolve(result);
    };
    const timer = setTimeout(() => end('silence'), ms);
    const stop = start(
      (text) => end(text),
      () => end('refused'),
    );
  });
}

const datagrams = (address: string): SocketType => (isIPv6(address) ? 'udp6' : 'udp4');

export const actions = {
  /** Runs a program to its end. */
  run: (program: string, ...args: string[]): Promise<{ code: number; text: string }> =>
    new Promise((resolve) => {
      execFile(program, args, (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 255) : 0;
        resolve({ code, text: stdout + stderr });
      });
    }),

  /** Starts a program that runs as long as this one. */
  start: (program: string, ...args: string[]): void => {
    children.push(spawn(program, args, { stdio: 'ignore' }));
  },

  stopChildren: async (): Promise<void> => {
    for (const child of children.splice(0)) {
      child.kill();
      await new Promise((resolve) => child.once('exit', resolve));
    }
  },

  /** Tells everybody who connects who they are, then gives back what they say. */
  listenTcp: (port: number, host = '::'): Promise<void> =>
    new Promise((resolve, reject) => {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.write(`${socket.remoteAddress?.replace('::ffff:', '')}\n`);
        socket.pipe(socket);
      });
      server.on('error', reject).listen({ port, host }, () => resolve());
    }),

  listenUdp: (port: number, host = '::'): Promise<void> =>
    new Promise((resolve) => {
      const socket = createSocket(datagrams(host));
      socket.on('message', (_, from) => {
        socket.send(from.address.replace('::ffff:', ''), from.port, from.address);
      });
      socket.bind(port, host, () => resolve());
    }),

  /** A name server that knows one address for every name. */
  serveNames: (address: string): Promise<void> =>
    new Promise((resolve) => {
      const socket = createSocket('udp4');
      socket.on('message', (query, from) => {
        socket.send(answer(query, address), from.port, from.address);
      });
      socket.bind(53, '0.0.0.0', () => resolve());
    }),

  tcp: (address: string, port: number, ms = 1_000): Promise<string> =>
    attempt(ms, (answered, refused) => {
      const socket = connect(port, address);
      socket.once('data', (data) => answered(String(data).trim())).on('error', refused);
      return () => socket.destroy();
    }),

  udp: (address: string, port: number, ms = 1_000): Promise<string> =>
    attempt(ms, (answered, refused) => {
      const socket = createSocket(datagrams(address));
      socket.on('message', (data) => answered(String(data))).on('error', refused);
      // Only a connected socket hears that it is refused.
      socket.connect(port, address, () => socket.send('?', () => {}));
      return () => socket.close();
    }),

  /** Asks from a port of its own, and hears for a while whatever comes there. */
  hear: (from: number, address: string, port: number, ms = 2_500): Promise<string> =>
    new Promise((resolve) => {
      const heard: string[] = [];
      const socket = createSocket('udp4');
      socket.on('message', (data) => heard.push(String(data)));
      socket.bind(from, () => socket.send('?', port, address));
      setTimeout(() => socket.close(() => resolve(heard.join(' '))), ms);
    }),

  /** Says something from an address that another one has. */
  forge: (source: string, from: number, address: string, port: number): Promise<void> =>
    new Promise((resolve) => {
      const socket = createSocket('udp4');
      socket.bind(from, source, () =>
        socket.send('INJECTED', port, address, () => socket.close(() => resolve())),
      );
    }),

  /** True when an echo comes back. */
  ping: async (address: string): Promise<boolean> =>
    (await actions.run('ping', '-n', '-q', '-c', '1', '-W', '1', address)).code === 0,

  resolve: async (server: string, name: string): Promise<string> => {
    const resolver = new Resolver({ timeout: 1_000, tries: 1 });
    resolver.setServers([isIPv6(server) ? `[${server}]` : server]);
    try {
      return (await resolver.resolve4(name)).join();
    } catch (error) {
      return String((error as { code?: string }).code);
    }
  },

  /** Opens a connection that stays. */
  open: (name: string, address: string, port: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, address);
      open.set(name, socket);
      socket.once('data', (data) => resolve(String(data).trim())).on('error', reject);
    }),

  /** Says something on it and returns what came back. */
  say: (name: string, text: string, ms = 2_000): Promise<string> =>
    attempt(ms, (answered, refused) => {
      const socket = open.get(name);
      const listen = (data: Buffer) => answered(String(data));
      socket?.once('data', listen).once('error', refused).write(text);
      return () => socket?.off('data', listen).off('error', refused);
    }),
};

interface Call {
  readonly id: number;
  readonly action: keyof typeof actions;
  readonly args: readonly unknown[];
}

process.on('disconnect', leave);
process.on('message', async ({ id, action, args }: Call) => {
  try {
    const run = actions[action] as (...given: readonly unknown[]) => unknown;
    process.send?.({ id, value: await run(...args) });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
});
