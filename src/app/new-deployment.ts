import { randomBytes } from 'node:crypto';
import type { Deployment } from '../deploy/locks.ts';
import type { Ports } from './ports.ts';

/** Ids sort by time. */
export function newId({ clock }: Pick<Ports, 'clock'>): string {
  const now = new Date(clock.now()).toISOString();
  const time = now.replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${time}-${randomBytes(2).toString('hex')}`;
}

/** `operator` is the person a lock names. @param id from an earlier `newId` */
export function newDeployment(
  ports: Pick<Ports, 'clock' | 'operator'>,
  operation: Deployment['operation'],
  id = newId(ports),
): Deployment {
  return { id, operator: ports.operator, operation };
}
