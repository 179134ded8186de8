import type { Hypervisor } from '../../model/fleet.ts';
import type { Host, HostConnector } from '../host.ts';
import type { Link } from './link.ts';
import { openScript } from './open.ts';
import { openLink, type SshOptions } from './open-link.ts';
import { runScript } from './run.ts';

export type { SshOptions } from './open-link.ts';

/** Connects to hypervisors as `ssh` would: with the same ~/.ssh/config, known_hosts, agent and keys. */
export function sshConnector(options: SshOptions): HostConnector {
  return {
    connect: async (hypervisor) =>
      sshHost(hypervisor, await openLink(hypervisor.ssh, hypervisor.name, options)),
  };
}

function sshHost(hypervisor: Hypervisor, link: Link): Host {
  const sudo = hypervisor.ssh.sudo ?? link.at.user !== 'root';
  return {
    name: hypervisor.name,
    user: link.at.user,
    publicKey: link.publicKey,
    port: link.at.port,
    open: (script, args, open) => openScript(link, sudo, script, args, open),
    run: (script, args, run) => runScript(link, sudo, script, args, run),
    connectTcp: (address, port, timeoutMs) => link.forward(address, port, timeoutMs),
    close: () => link.close(),
  };
}
