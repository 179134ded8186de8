import type { Host } from '../../src/host/host.ts';
import { type SshOptions, sshConnector } from '../../src/host/ssh/connector.ts';
import type { FleetError } from '../../src/model/errors.ts';
import type { Hypervisor, SshTarget } from '../../src/model/fleet.ts';
import { here } from '../surroundings.ts';
import type { Desk } from './sshd.ts';

/** What speaks ssh: the library, or OpenSSH's own ssh. */
export type Adapter = 'ssh2' | 'openssh';

/** Both must do the same. */
export const adapters: readonly Adapter[] = ['ssh2', 'openssh'];

/** An ssh_config that looks at nothing outside of the desk. */
export function sshConfig(
  desk: Desk,
  lines: string,
  knownHosts = '',
  adapter: Adapter = 'ssh2',
): string {
  const known = desk.write('known_hosts', knownHosts);
  // An option that only OpenSSH follows, and that changes nothing.
  const beyond = adapter === 'ssh2' ? '' : `\nRevokedHostKeys ${desk.write('revoked', '')}`;
  const shut = `UserKnownHostsFile ${known}\nGlobalKnownHostsFile none\nIdentityAgent none${beyond}`;
  return desk.write('config', `${lines}\nHost *\n${shut}\n`);
}

/** Connects as the command line would. */
export function connect(ssh: SshTarget, options: Omit<SshOptions, 'surroundings'>): Promise<Host> {
  const hypervisor = { name: 'hv1', ssh } as Hypervisor;
  return sshConnector({ ...options, surroundings: here }).connect(hypervisor);
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
