import type { Hypervisor } from '../../model/fleet.ts';
import type { Host, HostConnector, Shell } from '../host.ts';
import { openGuestLink } from './enter.ts';
import type { Link } from './link.ts';
import { openCommand, openScript } from './open.ts';
import { openLink, type SshOptions } from './open-link.ts';
import { runScript } from './run.ts';

export type { SshOptions } from './open-link.ts';

/** Connects to hypervisors as `ssh` would: with the same ~/.ssh/config, known_hosts, agent and keys. */
export function sshConnector(options: SshOptions): HostConnector {
  return {
    connect: async (hypervisor) =>
      sshHost(hypervisor, await openLink(hypervisor.ssh, hypervisor.name, options), options),
  };
}

function sshHost({ name, ssh }: Hypervisor, link: Link, options: SshOptions): Host {
  const sudo = ssh.sudo ?? link.at.user !== 'root';
  return {
    ...shell(name, link),
    publicKey: link.publicKey,
    address: link.at.hostname,
    port: link.at.port,
    open: (script, args, open) => openScript(link, sudo, script, args, open),
    run: (script, args, run) => runScript(link, sudo, script, args, run),
    connectTcp: (address, port, timeoutMs) => link.forward(address, port, timeoutMs),
    enter: async (guest) =>
      shell(guest.name, await openGuestLink({ to: ssh, name, link }, guest, options)),
  };
}

function shell(name: string, link: Link): Shell {
  return {
    name,
    user: link.at.user,
    exec: (command, exec) => openCommand(link, command, exec),
    close: () => link.close(),
  };
}
