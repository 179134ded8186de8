import { homedir, tmpdir } from 'node:os';
import type { LocalPorts, Ports } from '../app/ports.ts';
import { systemClock } from '../deploy/ports.ts';
import type { Shown } from './ask.ts';
import { requireSshConfig, shown } from './connector.ts';
import { operator, safely } from './machine.ts';
import type { CommonOptions } from './options.ts';

// With machine.ts the only place that reads the process's environment and folder: all else is handed them.

/**
 * For commands that contact no hypervisor.
 * @param isHere it runs on one, whose checkout is only read: git writes nothing there, not even its index
 */
export function localPorts(isHere = false): LocalPorts {
  return {
    clock: systemClock,
    cwd: process.cwd(),
    surroundings: {
      env: isHere ? { ...process.env, GIT_OPTIONAL_LOCKS: '0' } : process.env,
      temporary: tmpdir(),
      signalGroup: (leader, signal) => {
        try {
          return process.kill(-leader, signal);
        } catch {
          return false;
        }
      },
    },
  };
}

/**
 * The real world: ssh, and the machine's clock.
 * @param how isAsking: nothing is written before all have answered, so that it can be shown who has not
 * @throws FleetError `install.damaged`, `options.ssh-config`
 */
export async function realPorts(
  common: Shown & Pick<CommonOptions, 'sshConfig' | 'only'>,
  { isAsking = false } = {},
): Promise<Ports> {
  const [{ requireScripts }, { sshCommander }] = await Promise.all([
    import('../host/hypervisor/own-files.ts'),
    import('../host/ssh/command.ts'),
  ]);
  requireScripts();
  const { only, sshConfig } = common;
  requireSshConfig(sshConfig);
  const local = localPorts(only !== undefined);
  const { surroundings } = local;
  const ssh = { surroundings, ...(sshConfig !== undefined && { configFile: sshConfig }) };
  const connector =
    only === undefined
      ? (await import('../host/ssh/connector.ts')).sshConnector(ssh)
      : (await import('../host/local/connector.ts')).localConnector(only, ssh);
  return {
    ...local,
    home: safely(homedir) ?? '/',
    operator: operator(only !== undefined),
    connector: await shown(connector, common, isAsking),
    sshCommand: sshCommander(ssh),
  };
}

/**
 * The same for programs that use fleet as a library.
 * @param options sshConfig: instead of ~/.ssh/config; default: what FLEET_SSH_CONFIG names
 */
export function machinePorts({
  sshConfig = process.env.FLEET_SSH_CONFIG,
}: Pick<CommonOptions, 'sshConfig'> = {}): Promise<Ports> {
  return realPorts(sshConfig === undefined ? {} : { sshConfig });
}

/** The machine's clock, for who needs no more. */
export async function realClock(): Promise<Ports['clock']> {
  return (await import('../deploy/ports.ts')).systemClock;
}
