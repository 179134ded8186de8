import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { FleetError } from '../../../model/errors.ts';
import type { HostKey } from '../../../model/host-key.ts';
import { shellQuote } from '../../../model/shell-quote.ts';
import type { Surroundings } from '../../../model/surroundings.ts';
import { fingerprint, keyType } from '../known-hosts.ts';
import { type Credentials, loginTimeoutMs } from '../login.ts';
import { type Destination, type Resolved, sshOptions } from '../resolve.ts';
import { ended, spawnSsh, throughMaster } from './client.ts';
import { loginError } from './failure.ts';
import { Folder } from './folder.ts';
import { OpensshLink } from './link.ts';
import { knownHostsOf, onlyThese } from './only-these.ts';

/** Seconds that a master stays after fleet was killed. */
const persistSeconds = 10;

/** Where to log in, and with what. */
export interface Login {
  readonly to: Destination;
  readonly at: Resolved;
  readonly credentials: Credentials;
  readonly label: string;
  readonly timeoutMs: number;
  readonly configFile: string | undefined;
  readonly surroundings: Surroundings;
  /** The connection to its jump host. */
  readonly jump: OpensshLink | undefined;
  /** The connection to it is somebody else's to close. */
  readonly keepsJump?: boolean;
  /** The keys that it may show, whatever known_hosts says. */
  readonly given?: readonly HostKey[];
}

/**
 * Logs in with OpenSSH's own ssh, which stays as a master with a socket in a folder of its own.
 * @throws FleetError as with ssh2: `ssh.unknown-host-key`, `ssh.auth-failed`, …
 */
export async function opensshLink(login: Login): Promise<OpensshLink> {
  const { to, at, credentials, label, configFile, jump, surroundings } = login;
  const { env, temporary, signalGroup } = surroundings;
  const folder = new Folder(temporary);
  try {
    if (login.given) writeFileSync(folder.knownHosts, knownHostsOf(to.host, login.given));
    const words = [...sshOptions(to, configFile), ...settings(login, folder)];
    const child = spawnSsh(['-v', '-E', folder.log, ...words, '-N', '--', to.host], env);
    // The whole process group, because a ProxyCommand may not end by itself.
    const end = () => {
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGTERM');
    };
    child.stdin.on('error', () => {}).end(); // it may be gone already
    child.stdout.resume();
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4096);
    });
    const exited = new Promise<number>((resolve) => {
      // After the login ssh goes on in the background and keeps its outputs open, so `close` would come too late.
      child.once('exit', (code) => resolve(code ?? 255));
      void ended(child).then(resolve);
    });
    const limit = login.timeoutMs + loginTimeoutMs;
    const timer = new AbortController();
    const late = sleep(limit, undefined, { signal: timer.signal }).catch(() => undefined);
    const code = await Promise.race([exited, late]);
    timer.abort();
    if (code === undefined) {
      end();
      throw new FleetError(
        'ssh.timed-out',
        `${label}: the login did not complete within ${limit / 1000} s`,
        {
          hint: 'Is a security key waiting to be touched, or an agent for its owner? `ssh -v` shows more.',
        },
      );
    }
    const log = folder.readLog();
    if (code !== 0) {
      end();
      await Promise.race([ended(child), sleep(100)]);
      throw explain(login, log, said);
    }
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
    return await OpensshLink.hold({
      label,
      at,
      publicKey: accepted(log, credentials.identities.publicKeys),
      folder,
      under: login.keepsJump ? undefined : jump,
      env,
    });
  } catch (error) {
    folder.remove();
    throw error;
  }
}

/** Options that fleet sets whatever ssh_config says: the first value of an option wins. */
function settings({ to, at, timeoutMs, jump, given }: Login, folder: Folder): string[] {
  const proxy = jump && [
    ...['ssh', ...throughMaster(jump.folder.socket).map(shellQuote)],
    ...['-W', shellQuote(`[${at.hostname}]:${at.port}`), '--', 'fleet'],
  ];
  const options = {
    BatchMode: 'yes',
    StrictHostKeyChecking: 'yes',
    NoHostAuthenticationForLocalhost: 'no',
    VerifyHostKeyDNS: 'no',
    UpdateHostKeys: 'no',
    AddKeysToAgent: 'no',
    ForwardAgent: 'no',
    ForwardX11: 'no',
    ClearAllForwardings: 'yes',
    Tunnel: 'no',
    PermitLocalCommand: 'no',
    RemoteCommand: 'none',
    RequestTTY: 'no',
    FingerprintHash: 'sha256',
    ...(at.isGssapi && { GSSAPIDelegateCredentials: 'no' }),
    ControlMaster: 'yes',
    ControlPath: folder.socket,
    ControlPersist: String(persistSeconds),
    ConnectionAttempts: '1',
    ConnectTimeout: String(Math.ceil(timeoutMs / 1000)),
    ServerAliveInterval: String(Math.ceil((at.aliveIntervalMs ?? 10_000) / 1000)),
    ServerAliveCountMax: String(at.aliveCountMax),
    ...(proxy && { ProxyCommand: proxy.join(' ') }),
    ...(given && onlyThese(to.host, given, folder.knownHosts)),
  };
  return Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

function explain(login: Login, log: string, said: string): FleetError {
  const { to, at, credentials, label, timeoutMs, configFile, jump } = login;
  if (jump && /^Stdio forwarding request failed/m.test(said))
    return jump.forwardError(at.hostname, at.port);
  const jumps = to.jump === undefined ? [] : ['-J', to.jump];
  const ask = ['-o', 'StrictHostKeyChecking=ask', ...sshOptions(to, configFile), ...jumps];
  return loginError({
    ...{ label, at, timeoutMs, log, said },
    known: credentials.known,
    notTried: credentials.identities.unusable,
    accept: `ssh ${[...ask, '--', to.host, 'true'].map(shellQuote).join(' ')}`,
  });
}

/** The key that was accepted, "type base64"; for a certificate, its key. */
function accepted(log: string, known: readonly Buffer[]): string | undefined {
  const print = [...log.matchAll(/^debug1: Server accepts key: .* (SHA256:\S+).*$/gm)].at(-1)?.[1];
  const key = known.find((blob) => fingerprint(blob) === print);
  return key && `${keyType(key)} ${key.toString('base64')}`;
}
