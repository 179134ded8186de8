import { writeFileSync } from 'node:fs';
import { shellQuote } from '../../model/shell-quote.ts';
import type { SshCommand, SshCommander, SshGoal } from '../host.ts';
import { guestDestination } from './enter.ts';
import { findOut, lastJump, type SshOptions } from './open-link.ts';
import { Folder } from './openssh/folder.ts';
import { knownHostsOf, onlyThese } from './openssh/only-these.ts';
import { type Destination, type Resolved, sshOptions } from './resolve.ts';

/** Said on ssh's command line, where it wins over ssh_config. */
const strict = {
  StrictHostKeyChecking: 'yes',
  NoHostAuthenticationForLocalhost: 'no',
  VerifyHostKeyDNS: 'no',
};

/** Reaches machines with the very same options as fleet's own connections, through the same jump hosts. */
export function sshCommander(options: SshOptions): SshCommander {
  return ({ hypervisor, user, guest }) =>
    guest
      ? guestCommand({ hypervisor, guest }, options)
      : hypervisorCommand(hypervisor, user, options);
}

async function hypervisorCommand(
  { name, ssh }: SshGoal['hypervisor'],
  user: string | undefined,
  options: SshOptions,
): Promise<SshCommand> {
  const to = { ...ssh, ...(user !== undefined && { user }) };
  return { options: await wordsTo(to, name, options), host: ssh.host, close: () => {} };
}

async function guestCommand(
  { hypervisor, guest }: Required<Pick<SshGoal, 'hypervisor' | 'guest'>>,
  options: SshOptions,
): Promise<SshCommand> {
  const { name, keys } = guest;
  const to = guestDestination(guest, hypervisor.ssh);
  const { at } = await findOut(to, name, options);
  const through = await viaMachine(hypervisor.ssh, hypervisor.name, at, options);
  const folder = keys.length > 0 ? new Folder(options.surroundings.temporary) : undefined;
  if (folder) writeFileSync(folder.knownHosts, knownHostsOf(name, keys));
  const said = {
    ...strict,
    ProxyCommand: through,
    // A master that was left over may be of another guest that had this name.
    ControlPath: 'none',
    ...(folder && { ...onlyThese(name, keys, folder.knownHosts), UpdateHostKeys: 'no' }),
  };
  return {
    options: [...sshOptions(to, options.configFile), ...asOptions(said)],
    host: name,
    close: () => folder?.remove(),
  };
}

/** Words with which ssh goes to a machine; jump hosts are said by us, or ssh would go through them less strictly. */
async function wordsTo(
  to: Destination,
  name: string,
  options: SshOptions,
  hops = 0,
): Promise<string[]> {
  const { at } = await findOut(to, name, options, hops);
  const proxy =
    at.proxyJump === undefined
      ? {}
      : {
          ProxyCommand: await viaMachine(
            lastJump(at.proxyJump),
            `jump host of ${name}`,
            at,
            options,
            hops + 1,
          ),
        };
  return [...sshOptions(to, options.configFile), ...asOptions({ ...strict, ...proxy })];
}

/** A ProxyCommand that connects to `at` through a machine. */
async function viaMachine(
  by: Destination,
  name: string,
  at: Pick<Resolved, 'hostname' | 'port'>,
  options: SshOptions,
  hops = 0,
): Promise<string> {
  const words = [
    'ssh',
    ...(await wordsTo(by, name, options, hops)),
    ...asOptions({ RemoteCommand: 'none', RequestTTY: 'no' }),
    ...['-W', `[${at.hostname}]:${at.port}`, '--', by.host],
  ];
  // ssh expands what begins with %.
  return words.map(shellQuote).join(' ').replaceAll('%', '%%');
}

const asOptions = (said: Readonly<Record<string, string>>): string[] =>
  Object.entries(said).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
