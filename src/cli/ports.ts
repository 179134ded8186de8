import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { Deployment } from '../deploy/locks.ts';
import { type Ports, systemClock } from '../deploy/ports.ts';
import { requireScripts } from '../host/hypervisor/own-files.ts';
import { sshConnector } from '../host/ssh/connector.ts';
import type { CommonOptions } from './options.ts';

/** The real world: ssh, and the machine's clock. @throws FleetError `install.damaged` */
export function realPorts(common: CommonOptions): Ports {
  requireScripts();
  return {
    connector: sshConnector(common.sshConfig === undefined ? {} : { configFile: common.sshConfig }),
    clock: systemClock,
  };
}

/** Ids sort by time; the operator is whom a lock names. */
export function newDeployment(operation: Deployment['operation']): Deployment {
  const time = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const user = process.env.GITHUB_ACTOR ?? safely(() => userInfo().username) ?? 'somebody';
  const operator = `${user}@${hostname()}`.replace(/[^\w.@-]/g, '-');
  return { id: `${time}-${randomBytes(2).toString('hex')}`, operator, operation };
}

/** A container may run as a user id that has no name. */
function safely<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
