import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** A private folder with keys in it: nothing of the user's own ~/.ssh is read or written. */
export interface Desk {
  readonly dir: string;
  /** Path in the folder. */
  path(name: string): string;
  /** Writes a file into the folder and returns its path. */
  write(name: string, text: string): string;
  /** Makes a key pair; returns the path of the private key. */
  key(name: string, options?: { type?: string; passphrase?: string }): string;
  remove(): void;
}

export function makeDesk(): Desk {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-ssh-'));
  const path = (name: string) => join(dir, name);
  return {
    dir,
    path,
    write: (name, text) => {
      writeFileSync(path(name), text, { mode: 0o600 });
      return path(name);
    },
    key: (name, { type = 'ed25519', passphrase = '' } = {}) => {
      const args = ['-q', '-t', type, '-N', passphrase, '-C', `${name}@test`, '-f', path(name)];
      execFileSync('ssh-keygen', args);
      return path(name);
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** The public key of `file`: "type base64". */
export function publicKey(file: string): string {
  return readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
}

/** As `ssh-keygen -l` says it, so that ours is compared with OpenSSH's. */
export function fingerprintOf(file: string): string {
  const text = execFileSync('ssh-keygen', ['-lf', `${file}.pub`], { encoding: 'utf8' });
  return text.split(' ')[1] ?? '';
}

/** A real sshd on a loopback address of its own. */
export interface Sshd {
  readonly address: string;
  readonly port: number;
  readonly hostKey: string;
  /** Its line for known_hosts. */
  readonly knownHosts: string;
  /** What it logged so far. */
  log(): string;
  stop(): void;
}

let count = 0;

/** Starts sshd with a new host key; `accepts` are private key files whose public half may log in. */
export async function startSshd(
  desk: Desk,
  accepts: readonly string[],
  options: {
    settings?: string;
    hostKeyType?: string;
    /** Instead of a new host key, and of what `accepts` says. */
    given?: { hostKey: string; authorizedKeys: string };
  } = {},
): Promise<Sshd> {
  const name = `sshd${++count}`;
  const address = `127.0.${1 + (process.pid % 200)}.${count}`;
  const port = await freePort(address);
  const { given, hostKeyType: type = 'ed25519' } = options;
  const hostKey = given?.hostKey ?? desk.key(`${name}_host`, { type });
  const authorized =
    given?.authorizedKeys ?? desk.write(`${name}_keys`, accepts.map(publicKey).join('\n'));
  const config = desk.write(
    `${name}_config`,
    [
      `ListenAddress ${address}:${port}`,
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${authorized}`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PermitRootLogin yes',
      'MaxStartups 500',
      options.settings ?? '',
    ].join('\n'),
  );
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const child = spawn(sshdPath(), ['-D', '-e', '-f', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk;
  });
  await listening(child, address, port, () => log);
  return {
    address,
    port,
    hostKey,
    knownHosts: `[${address}]:${port} ${publicKey(hostKey)}\n`,
    log: () => log,
    stop: () => void child.kill(),
  };
}

function sshdPath(): string {
  const folders = ['/usr/sbin', ...(process.env.PATH ?? '').split(':')];
  const found = folders.map((folder) => join(folder, 'sshd')).find((path) => existsSync(path));
  if (!found) throw new Error('these tests need an OpenSSH server: sshd is not on PATH');
  return found;
}

function freePort(address: string): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, address, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function listening(child: ChildProcess, address: string, port: number, log: () => string) {
  for (let i = 0; i < 200; i++) {
    if (child.exitCode !== null) throw new Error(`sshd did not start:\n${log()}`);
    if (await answers(address, port)) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`sshd does not listen:\n${log()}`);
}

function answers(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
