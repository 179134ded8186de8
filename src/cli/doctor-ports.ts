import type { DoctorPorts } from '../app/ports.ts';
import { deskTools } from '../host/ssh/desk-tools.ts';
import type { CommonOptions } from './options.ts';
import { realPorts } from './ports.ts';

/** The real world, and what this machine reaches hypervisors with. @throws FleetError `install.damaged` */
export async function doctorPorts(common: Pick<CommonOptions, 'sshConfig'>): Promise<DoctorPorts> {
  const ports = await realPorts(common);
  const { sshConfig: configFile } = common;
  const { surroundings } = ports;
  const desk = deskTools({ surroundings, ...(configFile !== undefined && { configFile }) });
  return { ...ports, desk, node: process.versions.node };
}
