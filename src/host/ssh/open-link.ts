import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { FleetError } from '../../model/errors.ts';
import type { Surroundings } from '../../model/surroundings.ts';
import { expandHome } from './expand.ts';
import type { Link } from './link.ts';
import { type Credentials, credentials, withoutCommonAlgorithm } from './login.ts';
import type { OpensshLink } from './openssh/link.ts';
import { opensshLink } from './openssh/login.ts';
import { type Destination, type Resolved, resolve } from './resolve.ts';
import { type Transport, tcp, transport, viaCommand } from './socket.ts';
import { ssh2Link } from './ssh2-link.ts';

/** Options of `sshConnector`. */
export interface SshOptions {
  readonly surroundings: Surroundings;
  /** Read instead of ~/.ssh/config and /etc/ssh/ssh_config, as `ssh -F` does. */
  readonly configFile?: string;
  /** Default 10 s; ConnectTimeout in ssh_config wins. */
  readonly connectTimeoutMs?: number;
}

/** A destination with everything that is needed to log in there. */
export interface Goal {
  readonly to: Destination;
  readonly name: string;
  readonly at: Resolved;
  readonly label: string;
  readonly timeoutMs: number;
  readonly credentials: Credentials;
  readonly options: SshOptions;
  readonly hops: number;
}

/** More jump hosts than anyone has: only a ProxyJump that leads back to itself gets here. */
const maxHops = 8;

/**
 * Connects and logs in, through jump hosts if there are any, and verifies the key of each. Uses ssh2, or OpenSSH's own
 * ssh where ssh_config or a key needs it.
 */
export async function openLink(
  to: Destination,
  name: string,
  options: SshOptions,
  hops = 0,
): Promise<Link> {
  const goal = await findOut(to, name, options, hops);
  return opensshReasons(goal).length > 0 ? withOpenssh(goal) : withSsh2(goal);
}

export async function findOut(
  to: Destination,
  name: string,
  options: SshOptions,
  hops = 0,
): Promise<Goal> {
  if (hops > maxHops)
    throw new FleetError('ssh.config', `${name}: more than ${maxHops} jump hosts`, {
      hint: 'Does a ProxyJump lead back to itself?',
    });
  if (to.identityFile !== undefined && !existsSync(expandHome(to.identityFile)))
    throw new FleetError('ssh.identity-file', `${name}: there is no file ${to.identityFile}`, {
      hint: "Correct the hypervisor's ssh.identityFile in fleet.yaml.",
    });
  const at = await resolve(to, options.configFile, options.surroundings.env);
  const host = at.hostname.includes(':') ? `[${at.hostname}]` : at.hostname;
  const label = `${name} (${at.user}@${host}${at.port === 22 ? '' : `:${at.port}`})`;
  const timeoutMs = at.connectTimeoutMs ?? options.connectTimeoutMs ?? 10_000;
  return {
    to,
    name,
    at,
    label,
    timeoutMs,
    credentials: await credentials(at, options.surroundings.env),
    options,
    hops,
  };
}

/** Options, keys and certificates that ssh2 does not support; if there are any, OpenSSH's ssh is used. */
export function opensshReasons({
  at,
  credentials: { identities, known },
  options,
}: Pick<Goal, 'at' | 'credentials' | 'options'>): string[] {
  const mayHaveTicket =
    options.surroundings.env.KRB5CCNAME !== undefined ||
    existsSync(`/tmp/krb5cc_${userInfo().uid}`) ||
    identities.usable.length === 0;
  return [
    ...at.opensshOnly,
    ...withoutCommonAlgorithm(at),
    ...identities.opensshOnly,
    ...(known.some((key) => key.marker === '@cert-authority') ? ['@cert-authority'] : []),
    ...(at.isGssapi && mayHaveTicket ? ['GSSAPIAuthentication'] : []),
  ];
}

async function withSsh2(goal: Goal): Promise<Link> {
  const under = await reach(goal);
  try {
    return await ssh2Link(goal, under);
  } catch (error) {
    under.close();
    throw error;
  }
}

async function reach({ name, at, label, timeoutMs, options, hops }: Goal): Promise<Transport> {
  if (at.proxyCommand !== undefined) return viaCommand(at.proxyCommand, options.surroundings.env);
  if (at.proxyJump === undefined) return tcp(at, label, timeoutMs);
  const jump = await openLink(lastJump(at.proxyJump), `jump host of ${name}`, options, hops + 1);
  try {
    const socket = await jump.forward(at.hostname, at.port, timeoutMs);
    return transport(socket, () => jump.close());
  } catch (error) {
    jump.close();
    throw error;
  }
}

/** Connects to the jump hosts one by one, too: an ssh that `ProxyJump` starts would get none of fleet's options. */
export async function withOpenssh(goal: Goal): Promise<OpensshLink> {
  const { at, name, options, hops } = goal;
  const jump =
    at.proxyJump === undefined
      ? undefined
      : await withOpenssh(
          await findOut(lastJump(at.proxyJump), `jump host of ${name}`, options, hops + 1),
        );
  try {
    return await opensshLink({
      ...goal,
      configFile: options.configFile,
      jump,
      surroundings: options.surroundings,
    });
  } catch (error) {
    jump?.close();
    throw error;
  }
}

/** `a,b,c`: c is reached through a and b. */
export function lastJump(jumps: string): Destination {
  const all = jumps.split(',');
  const last = all.pop() ?? '';
  const match = /^(?:ssh:\/\/)?(?:(.*)@)?(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(last);
  const [, user, host = last, port] = match ?? [];
  return {
    host: host.replace(/^\[|\]$/g, ''),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(all.length === 0 ? {} : { jump: all.join(',') }),
  };
}
