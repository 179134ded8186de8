import { FleetError } from '../../model/errors.ts';
import type { GuestLogin } from '../host.ts';
import type { KnownKey } from './known-hosts.ts';
import type { Link } from './link.ts';
import { findOut, type Goal, opensshReasons, type SshOptions, withOpenssh } from './open-link.ts';
import { OpensshLink } from './openssh/link.ts';
import { opensshLink } from './openssh/login.ts';
import type { Destination } from './resolve.ts';
import { transport } from './socket.ts';
import { ssh2Link } from './ssh2-link.ts';

/** A guest as a destination: what ssh_config says of its name holds, but for where it is. */
export function guestDestination(
  { name, address, user }: GuestLogin,
  { identityFile }: Pick<Destination, 'identityFile'>,
): Destination {
  return { host: name, address, user, ...(identityFile !== undefined && { identityFile }) };
}

/** How a guest is reached. */
interface Through {
  readonly to: Destination;
  readonly name: string;
  readonly link: Link;
  /** We are on the hypervisor itself: OpenSSH needs no jump. */
  readonly isHere?: boolean;
}

/**
 * Logs in to a guest over the connection to its hypervisor, which stays when the guest's is closed.
 * @throws FleetError as `openLink`; `guest.host-key`: it shows none of the keys that are given
 */
export async function openGuestLink(
  hypervisor: Through,
  guest: GuestLogin,
  options: SshOptions,
): Promise<Link> {
  const found = await findOut(guestDestination(guest, hypervisor.to), guest.name, options);
  const goal = guest.keys.length > 0 ? givenKeys(found, guest) : found;
  try {
    return opensshReasons(goal).length > 0
      ? await withOpensshThrough(hypervisor, goal, guest)
      : await withSsh2Through(hypervisor.link, goal);
  } catch (error) {
    throw guest.keys.length > 0 && isOtherKey(error) ? otherKey(guest, error) : error;
  }
}

function givenKeys(goal: Goal, { name, keys }: GuestLogin): Goal {
  const known = keys.map((key): KnownKey => ({ ...key, marker: undefined, file: '', name }));
  const hostKeyAlgorithms = [...new Set(keys.map(({ type }) => type))];
  return {
    ...goal,
    at: { ...goal.at, keyName: name, plainKeyName: name, hostKeyAlgorithms },
    credentials: { ...goal.credentials, known },
  };
}

async function withSsh2Through(hypervisor: Link, goal: Goal): Promise<Link> {
  const { at, timeoutMs } = goal;
  const socket = await hypervisor.forward(at.hostname, at.port, timeoutMs);
  const under = transport(socket, () => socket.destroy());
  try {
    return await ssh2Link(goal, under);
  } catch (error) {
    under.close();
    throw error;
  }
}

/** OpenSSH goes through a master of its own kind: where ssh2 has the connection, one more is made. */
async function withOpensshThrough(
  { to, name, link, isHere = false }: Through,
  goal: Goal,
  { keys }: GuestLogin,
): Promise<Link> {
  const isShared = link instanceof OpensshLink;
  const jump = isShared
    ? link
    : isHere
      ? undefined
      : await withOpenssh(await findOut(to, name, goal.options));
  try {
    return await opensshLink({
      ...goal,
      configFile: goal.options.configFile,
      surroundings: goal.options.surroundings,
      jump,
      keepsJump: isShared,
      ...(keys.length > 0 && { given: keys }),
    });
  } catch (error) {
    if (!isShared) jump?.close();
    throw error;
  }
}

const isOtherKey = (error: unknown): error is FleetError =>
  error instanceof FleetError &&
  ['ssh.host-key-changed', 'ssh.unknown-host-key'].includes(error.code);

function otherKey({ name }: GuestLogin, cause: FleetError): FleetError {
  return new FleetError(
    'guest.host-key',
    `${name}: what answers there shows a host key that the hypervisor did not give to this guest; nothing was sent to it`,
    {
      hint: `A guest that was started before it was given its key has it after a restart. If ${name} has been restarted since, something else answers at its address.`,
      cause,
    },
  );
}
