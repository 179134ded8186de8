import type { Host } from '../../src/host/host.ts';
import { type SshOptions, sshConnector } from '../../src/host/ssh/connector.ts';
import type { FleetError } from '../../src/model/errors.ts';
import type { Hypervisor, SshTarget } from '../../src/model/fleet.ts';
import type { Desk } from './sshd.ts';

/** An ssh_config that looks at nothing outside of the desk. */
export function sshConfig(desk: Desk, lines: string, knownHosts = ''): string {
  const known = desk.write('known_hosts', knownHosts);
  const shut = `UserKnownHostsFile ${known}\nGlobalKnownHostsFile none\nIdentityAgent none`;
  return desk.write('config', `${lines}\nHost *\n${shut}\n`);
}

/** Connects as the command line would. */
export function connect(ssh: SshTarget, options: SshOptions): Promise<Host> {
  const hypervisor = { name: 'hv1', ssh } as Hypervisor;
  return sshConnector(options).connect(hypervisor);
}

/** The FleetError that `promise` must end in. */
export async function failure(promise: Promise<unknown>): Promise<FleetError> {
  try {
    await promise;
  } catch (error) {
    return error as FleetError;
  }
  throw new Error('it did not fail');
}
