import type { ChildProcess } from 'node:child_process';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel } from 'ssh2';

/** What one pretend sshd needs of its hypervisor. */
export interface SshdOptions {
  readonly hostKey: string;
  /** The only public key that root may log in with. */
  readonly clientKey: string;
  /** Starts a command; `connection` is what SSH_CONNECTION tells it. */
  readonly start: (command: string, connection: string) => ChildProcess;
  /** What a TCP connection from the hypervisor reaches, or undefined when nothing answers there. */
  readonly dial: (address: string, port: number) => Duplex | undefined;
  /** Is the uplink without its cable, or without its configuration? */
  readonly isCut: () => boolean;
}

export interface Sshd {
  readonly port: number;
  /** Destroys every connection there is. */
  dropAll(): void;
  stop(): Promise<void>;
}

/** How often it is looked whether the uplink has gone. */
const watchMs = 25;

/** Starts an ssh server on a port of its own of 127.0.0.1. */
export async function startSshd(options: SshdOptions): Promise<Sshd> {
  const sockets = new Set<Socket>();
  const ssh = new ssh2.Server({ hostKeys: [options.hostKey] }, (client, info) => {
    client.on('error', () => {}); // a connection that ends is no event here
    authenticate(client, options.clientKey);
    serve(client, options, `${info.ip} ${info.port} 127.0.0.1 ${port}`);
  });
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    if (options.isCut()) return void socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    ssh.injectSocket(socket);
  });
  const dropAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const watch = setInterval(() => {
    if (sockets.size > 0 && options.isCut()) dropAll();
  }, watchMs).unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    dropAll,
    stop: () => {
      clearInterval(watch);
      dropAll();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function authenticate(client: Connection, clientKey: string): void {
  const allowed = ssh2.utils.parseKey(clientKey) as ParsedKey;
  client.on('authentication', (context: AuthContext) => {
    if (context.method !== 'publickey' || context.username !== 'root') {
      return context.reject(['publickey']);
    }
    const isOurs = context.key.data.equals(allowed.getPublicSSH());
    const isSigned =
      context.signature === undefined ||
      (context.blob !== undefined &&
        allowed.verify(context.blob, context.signature, context.hashAlgo) === true);
    if (isOurs && isSigned) context.accept();
    else context.reject(['publickey']);
  });
}

function serve(client: Connection, { start, dial }: SshdOptions, connection: string): void {
  client.on('session', (accept) => {
    const session = accept();
    session.on('exec', (acceptExec, _reject, info) => {
      connect(start(info.command, connection), acceptExec());
    });
  });
  client.on('tcpip', (accept, reject, info) => {
    const end = dial(info.destIP, info.destPort);
    if (end === undefined) return reject();
    const channel = accept();
    channel.on('error', () => {}).once('close', () => end.destroy());
    end.on('error', () => channel.destroy());
    channel.pipe(end).pipe(channel);
  });
}

/** A command keeps running when its connection goes; it only cannot write any more. */
function connect(child: ChildProcess, channel: ServerChannel): void {
  const { stdin, stdout, stderr } = child;
  for (const stream of [stdin, stdout, stderr, channel, channel.stderr]) {
    stream?.on('error', () => {});
  }
  if (stdin) channel.pipe(stdin);
  stdout?.pipe(channel, { end: false });
  stderr?.pipe(channel.stderr, { end: false });
  channel.once('close', () => {
    stdin?.destroy();
    stdout?.destroy();
    stderr?.destroy();
  });
  child.once('close', (code, signal) => {
    if (code !== null) channel.exit(code);
    else channel.exit((signal ?? 'SIGKILL').slice(3));
    channel.end();
  });
}
