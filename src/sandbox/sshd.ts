import type { ChildProcess } from 'node:child_process';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import ssh2, {
  type AuthContext,
  type CipherAlgorithm,
  type Connection,
  type ParsedKey,
  type ServerChannel,
} from 'ssh2';

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
    authenticate(client, (user) => (user === 'root' ? [options.clientKey] : []));
    const connection = `${info.ip} ${info.port} 127.0.0.1 ${port}`;
    serve(client, { start: (command) => options.start(command, connection), dial: options.dial });
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

/** An ssh server of a guest, at the other end of a connection to it. */
export interface GuestSshd {
  readonly hostKey: string;
  /** Public keys that a user may log in with. */
  readonly keysOf: (user: string) => readonly string[];
  readonly start: (command: string, user: string) => ChildProcess;
}

/** Answers one connection. */
export function answerSsh({ hostKey, keysOf, start }: GuestSshd): Duplex {
  const [here, there] = duplexPair();
  for (const end of [here, there]) end.on('error', () => {});
  // Of chacha20-poly1305 ssh2 1.17 shares state between connections, and this one is inside of another.
  const algorithms = { cipher: ['aes128-gcm@openssh.com', 'aes256-ctr'] as CipherAlgorithm[] };
  const ssh = new ssh2.Server({ algorithms, hostKeys: [hostKey] }, (client) => {
    let user = '';
    client.on('error', () => {});
    authenticate(client, (name) => {
      user = name;
      return keysOf(name);
    });
    serve(client, { start: (command) => start(command, user), dial: () => undefined });
  });
  ssh.injectSocket(there as Socket);
  return here;
}

function authenticate(client: Connection, keysOf: GuestSshd['keysOf']): void {
  client.on('authentication', (context: AuthContext) => {
    if (context.method !== 'publickey') return context.reject(['publickey']);
    const { key, signature, blob, hashAlgo } = context;
    const allowed = keysOf(context.username)
      .map((text) => ssh2.utils.parseKey(text) as ParsedKey)
      .find((one) => key.data.equals(one.getPublicSSH()));
    const isSigned =
      signature === undefined ||
      (blob !== undefined && allowed?.verify(blob, signature, hashAlgo) === true);
    if (allowed && isSigned) context.accept();
    else context.reject(['publickey']);
  });
}

/** What one may do who is logged in. */
interface Services {
  readonly start: (command: string) => ChildProcess;
  readonly dial: SshdOptions['dial'];
}

/** What sshd opens over one connection (MaxSessions). */
const mostSessions = 10;

function serve(client: Connection, { start, dial }: Services): void {
  let sessions = 0;
  client.on('session', (accept, reject) => {
    if (sessions === mostSessions) return reject();
    sessions += 1;
    const session = accept();
    session.once('close', () => {
      sessions -= 1;
    });
    session.on('exec', (acceptExec, _reject, info) => {
      connect(start(info.command), acceptExec());
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
