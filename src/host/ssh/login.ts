import type {
  CipherAlgorithm,
  ConnectConfig,
  KexAlgorithm,
  MacAlgorithm,
  ServerHostKeyAlgorithm,
} from 'ssh2';
import { FleetError } from '../../model/errors.ts';
import type { Surroundings } from '../../model/surroundings.ts';
import { Attempts } from './attempts.ts';
import { type Identities, identities } from './identities.ts';
import { type KnownKey, knownKeys, preferKnown, refusal } from './known-hosts.ts';
import type { Resolved } from './resolve.ts';
import { type Transport, timedOut } from './socket.ts';
import { Client } from './ssh2.ts';

/** Ms for the login after the host key was shown: long, because an agent may ask its owner. */
export const loginTimeoutMs = 60_000;

/** A successful login: the ssh2 client, and the key that was accepted. */
export interface Session {
  readonly client: Client;
  /** "type base64"; undefined when no key was asked for. */
  readonly publicKey: string | undefined;
}

/** Known host keys and our own keys; gathered before connecting, because ssh2 starts at once. */
export interface Credentials {
  readonly known: readonly KnownKey[];
  readonly identities: Identities;
}

export async function credentials(at: Resolved, env: Surroundings['env']): Promise<Credentials> {
  const [known, own] = await Promise.all([knownKeys(at, env), identities(at)]);
  return { known, identities: own };
}

/**
 * Logs in over `transport`: verifies the host key, then offers ours.
 * @throws FleetError `ssh.unknown-host-key`, `ssh.host-key-changed`, `ssh.auth-failed`, …
 */
export async function login(
  transport: Transport,
  at: Resolved,
  { known, identities }: Credentials,
  label: string,
  timeoutMs: number,
): Promise<Session> {
  const attempts = new Attempts(at, identities);
  const client = new Client();
  client.setMaxListeners(0); // one per command that runs
  let refused: FleetError | undefined;
  let handshaken = false;
  let timer: NodeJS.Timeout | undefined;
  const explain = async (error: Error & { code?: unknown }) => {
    if (refused) return refused;
    // A number is the reason code of a DISCONNECT message; after the handshake it means too many tries.
    const notLetIn = attempts.exhausted || (handshaken && typeof error.code === 'number');
    return notLetIn
      ? attempts.failure(label, error)
      : handshakeError(error, label, await transport.said());
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const giveUpAfter = (ms: number, what: string) => {
        clearTimeout(timer);
        timer = setTimeout(() => reject(timedOut(label, ms, what)), ms);
      };
      giveUpAfter(timeoutMs, 'connected, but nothing there speaks ssh');
      client.once('handshake', () => {
        handshaken = true;
        giveUpAfter(loginTimeoutMs, 'the login did not complete');
      });
      client.once('ready', resolve);
      client.once('close', () => reject(new Error('closed by the other side')));
      client.on('error', (error) => {
        // If an agent declines to sign with a key, ssh2 goes on with the next one.
        if (error.level !== 'agent') reject(error);
      });
      if (transport.socket.destroyed) reject(new Error('closed at once'));
      client.connect({
        ...settings(at),
        sock: transport.socket as NonNullable<ConnectConfig['sock']>,
        algorithms: {
          ...algorithms(at),
          serverHostKey: preferKnown(
            both(at.hostKeyAlgorithms, hostKeyTypes),
            known,
          ) as ServerHostKeyAlgorithm[],
        },
        hostVerifier: (key: Buffer) => {
          refused = refusal(key, known, at, label);
          return refused === undefined;
        },
        authHandler: (left, partial, next) => next(attempts.next(left, partial)),
      });
    });
    return { client, publicKey: attempts.current?.publicKey };
  } catch (error) {
    throw error instanceof FleetError ? error : await explain(error as Error);
  } finally {
    clearTimeout(timer);
  }
}

function settings(at: Resolved): ConnectConfig {
  return {
    username: at.user,
    readyTimeout: 0, // our own timeout has a message for connecting and one for logging in
    keepaliveInterval: at.aliveIntervalMs ?? 10_000,
    keepaliveCountMax: at.aliveCountMax,
  };
}

/** In ssh2's order of preference, without SHA-1. */
const offered = {
  cipher: [
    ...['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr'],
    ...['aes256-ctr', 'chacha20-poly1305@openssh.com'],
  ],
  kex: [
    ...['curve25519-sha256@libssh.org', 'curve25519-sha256', 'ecdh-sha2-nistp256'],
    ...['ecdh-sha2-nistp384', 'ecdh-sha2-nistp521', 'diffie-hellman-group-exchange-sha256'],
    ...[14, 15, 16, 17, 18].map((n) => `diffie-hellman-group${n}-sha${n > 14 ? 512 : 256}`),
  ],
  hmac: [
    ...['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256'],
    'hmac-sha2-512',
  ],
};

const hostKeyTypes = ['ssh-ed25519', 'rsa-sha2-512', 'rsa-sha2-256'].concat(
  [256, 384, 521].map((bits) => `ecdsa-sha2-nistp${bits}`),
);

/** What both ssh_config and ssh2 allow. An ssh that prints nothing here restricts nothing. */
function both(wanted: readonly string[], ours: readonly string[]): readonly string[] {
  return wanted.join('') === '' ? ours : ours.filter((name) => wanted.includes(name));
}

/** Without compression, which costs more than it saves on a LAN. */
function algorithms(at: Resolved): NonNullable<ConnectConfig['algorithms']> {
  return {
    compress: ['none'],
    cipher: both(at.ciphers, offered.cipher) as CipherAlgorithm[],
    kex: both(at.kexAlgorithms, offered.kex) as KexAlgorithm[],
    hmac: both(at.macs, offered.hmac) as MacAlgorithm[],
  };
}

/** Options for which ssh2 has no algorithm that ssh_config allows. */
export function withoutCommonAlgorithm(at: Resolved): string[] {
  const options = {
    Ciphers: both(at.ciphers, offered.cipher),
    KexAlgorithms: both(at.kexAlgorithms, offered.kex),
    MACs: both(at.macs, offered.hmac),
    HostKeyAlgorithms: both(at.hostKeyAlgorithms, hostKeyTypes),
  };
  return Object.entries(options).flatMap(([name, common]) => (common.length > 0 ? [] : [name]));
}

/** The error if the other side does not speak ssh, or disconnected before the login. */
export function handshakeError(error: Error, label: string, said: string | undefined): FleetError {
  return new FleetError(
    'ssh.handshake',
    `${label}: the connection ended before login: ${error.message}`,
    {
      ...(said === undefined ? {} : { detail: said }),
      hint: 'Is it an sshd that listens there? One under load drops connections (MaxStartups), and so does one that saw logins fail from here (PerSourcePenalties): wait some minutes, then try once. `ssh -v` shows more.',
      cause: error,
    },
  );
}
