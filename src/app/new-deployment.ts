import { randomBytes } from 'node:crypto';
import type { Deployment } from '../deploy/locks.ts';
import type { Ports } from './ports.ts';

/** Ids sort by time; the operator is whom a lock names. */
export function newDeployment(
  { clock, operator }: Pick<Ports, 'clock' | 'operator'>,
  operation: Deployment['operation'],
): Deployment {
  const now = new Date(clock.now()).toISOString();
  const time = now.replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return { id: `${time}-${randomBytes(2).toString('hex')}`, operator, operation };
}
