import { accessSync, constants } from 'node:fs';
import { homedir, hostname, tmpdir, userInfo } from 'node:os';
import type { Machine } from '../app/here.ts';
import type { DoctorPorts, LocalPorts, Ports } from '../app/ports.ts';
import { systemClock } from '../deploy/ports.ts';
import type { HostConnector } from '../host/host.ts';
import { canMoveCursor, type Shown } from './ask.ts';
import { type CommonOptions, usageError } from './options.ts';

// The only place that reads the process's environment and folder: all else is handed them.

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

/** Else every connection would fail, in words of ssh's. `none` is no file: what ssh calls to read none. */
function requireSshConfig(file: string | undefined): void {
  if (file === undefined || file === 'none') return;
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw usageError(
      'options.ssh-config',
      code === 'ENOENT' ? `there is no file ${file}` : `cannot read ${file} (${code})`,
      '--ssh-config, or FLEET_SSH_CONFIG, names what ssh reads instead of ~/.ssh/config.',
    );
  }
}

/** For whoever looks on: with --verbose all that is done there, else at a terminal who is waited for. */
async function shown(
  connector: HostConnector,
  common: Shown,
  isAsking: boolean,
): Promise<HostConnector> {
  if (common.verbose) {
    const { toldConnector } = await import('../host/told.ts');
    return toldConnector(connector, systemClock, (line) => process.stderr.write(`${line}\n`));
  }
  if (!isAsking || !canMoveCursor(common)) return connector;
  const [{ askedConnector }, { asking }] = await Promise.all([
    import('../host/asked.ts'),
    import('./asking.ts'),
  ]);
  return askedConnector(connector, asking(process.stderr));
}

/** The same, and what this machine reaches hypervisors with. @throws FleetError `install.damaged` */
export async function doctorPorts(common: Pick<CommonOptions, 'sshConfig'>): Promise<DoctorPorts> {
  const [ports, { deskTools }] = await Promise.all([
    realPorts(common),
    import('../host/ssh/desk-tools.ts'),
  ]);
  const { sshConfig: configFile } = common;
  const { surroundings } = ports;
  const desk = deskTools({ surroundings, ...(configFile !== undefined && { configFile }) });
  return { ...ports, desk, node: process.versions.node };
}

/** The machine that fleet runs on, as a hypervisor. */
export function thisMachine(): Machine & { readonly isRoot: boolean } {
  // Of a pretend hypervisor whoever runs it is root.
  const root = process.env.FLEET_ROOT ?? '';
  return { root, hostname: hostname(), isRoot: root !== '' || process.getuid?.() === 0 };
}

/** The machine's clock, for who needs no more. */
export async function realClock(): Promise<Ports['clock']> {
  return (await import('../deploy/ports.ts')).systemClock;
}

/** @param isHere on a hypervisor: everybody is root there, and sudo knows who it was */
function operator(isHere: boolean): string {
  const { GITHUB_ACTOR, SUDO_USER } = process.env;
  const login = isHere ? SUDO_USER : GITHUB_ACTOR;
  const user = login ?? safely(() => userInfo().username) ?? 'somebody';
  return `${user}@${hostname()}`.replace(/[^\w.@-]/g, '-');
}

/** A container may run as a user id that has no name. */
function safely<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
