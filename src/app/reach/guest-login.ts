import type { GuestLogin, Host, Shell } from '../../host/host.ts';
import { readHealth } from '../../host/hypervisor/look.ts';
import { FleetError } from '../../model/errors.ts';
import type { Vm } from '../../model/fleet.ts';
import type { HostKey } from '../../model/host-key.ts';
import { notRunning } from './running.ts';

/**
 * Who one is in a vm: whoever is asked for, else the first of its users, by name, who has a key.
 * @throws FleetError `guest.no-user`
 */
export function userIn({ name, users }: Vm, asked: string | undefined): string {
  const user = asked ?? users.find(({ sshKeys }) => sshKeys.length > 0)?.name;
  if (user !== undefined) return user;
  throw new FleetError('guest.no-user', `${name}: none of its users in fleet.yaml has an ssh key`, {
    hint: `Add your public key, for instance \`users: { root: { sshKeys: [ssh-ed25519 …] } }\`, then \`fleet apply\`. A user that a module of ${name} declares: --user.`,
  });
}

/** How one logs in to a vm, with the host keys that its hypervisor gave it. @throws FleetError `guest.no-user` */
export function guestLogin(
  vm: Vm,
  asked: string | undefined,
  keys: readonly HostKey[] = [],
): GuestLogin {
  const address = vm.nics[0]?.address ?? '';
  return { name: vm.name, address, user: userIn(vm, asked), keys };
}

/** Logs in to a guest. @throws FleetError `guest.not-running`; as `Host.enter`, in the words of fleet.yaml */
export async function enterGuest(host: Host, guest: GuestLogin): Promise<Shell> {
  try {
    return await host.enter(guest);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    throw (await isDown(host, guest.name, error)) ?? inFleetsWords(error, guest);
  }
}

/** Asked only where nobody answered: a guest that runs need not be looked at first. */
async function isDown(
  host: Host,
  name: string,
  { code }: FleetError,
): Promise<FleetError | undefined> {
  if (code !== 'ssh.tcp-refused' && code !== 'ssh.timed-out') return undefined;
  const health = await readHealth(host).catch(() => undefined);
  return health && notRunning(name, health.vms);
}

function inFleetsWords(error: FleetError, { name, user, keys }: GuestLogin): FleetError {
  switch (error.code) {
    case 'ssh.auth-failed':
      return error.retold({
        hint: `Add your public key to users.${user}.sshKeys of ${name} in fleet.yaml, then \`fleet apply\`; or log in as another: --user.`,
      });
    case 'ssh.unknown-host-key':
    case 'ssh.host-key-changed':
      if (keys.length > 0) return error;
      return error.retold({
        hint: `A guest makes new host keys at each start. \`sshHostKey: true\` in fleet.yaml gives ${name} one that lasts and that fleet knows, from its next start on.\nUntil then:\n${error.hint ?? ''}`,
      });
    case 'ssh.tcp-refused':
      return error.retold({ hint: `Its unit runs. What its console says: fleet logs ${name}` });
    default:
      return error;
  }
}
