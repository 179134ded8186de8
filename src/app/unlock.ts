import { connectAll } from '../deploy/connect-all.ts';
import type { Host } from '../host/host.ts';
import * as deployment from '../host/hypervisor/deployment.ts';
import { type ExitCode, exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { OpenDeployment } from '../model/facts.ts';
import { meant } from '../model/meant.ts';
import { takeUp, whenBack } from '../model/take-up.ts';
import { timestamp } from '../model/time.ts';
import { changing } from './cancelling.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { sayUnknownState } from './unknown-state.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

/** A deployment that died on a hypervisor. */
export interface DeadDeployment {
  readonly hypervisor: string;
  /** Undefined: it is not locked. */
  readonly open: OpenDeployment | undefined;
  readonly host: Host;
  close(): void;
}

/** Ms that a hypervisor may take for its way back, waiting included. */
const endsWithin = 1_800_000;

/**
 * Finds the deployment that keeps a hypervisor locked; the caller closes the result.
 * @throws FleetError `unlock.unknown`; `unlock.at-work` while it is alive; as `knownConfig`; Interrupted
 */
export async function findDead(
  ports: Ports,
  { where, hypervisor: name }: { readonly where: Where; readonly hypervisor: string },
  emit: Emit,
  signal: AbortSignal,
): Promise<DeadDeployment> {
  const find = async (ports: Ports): Promise<DeadDeployment> => {
    const { index } = await knownConfig(ports, where, emit);
    const hypervisor = index.hypervisors.get(name);
    if (!hypervisor) {
      throw new FleetError('unlock.unknown', `fleet.yaml has no hypervisor called ${name}`, {
        exitCode: exitCodes.usage,
        hint: meant(name, index.fleet, ['hypervisors']),
      });
    }
    const [contact] = await connectAll([hypervisor], ports);
    sayUnknownState(contact ? [contact] : [], emit);
    if (!contact?.host || contact.facts instanceof Error) throw contact?.facts;
    const { host, facts } = contact;
    const open = facts.lock ?? facts.open[0];
    if (open?.atWork) throw atWork(name, open);
    return { hypervisor: name, open, host, close: () => host.close() };
  };
  return looking(ports, signal, find, true);
}

/** `apply ID of ada@desk, begun …` */
export const titleOf = ({ id, operation, owner, since }: OpenDeployment): string =>
  `${operation} ${id} of ${owner}, begun ${timestamp(since)}`;

function atWork(name: string, open: OpenDeployment): FleetError {
  return new FleetError('unlock.at-work', `${titleOf(open)}, is still running on ${name}`, {
    exitCode: exitCodes.locked,
    hint:
      open.decided === undefined
        ? `If the fleet process behind it is gone, ${name} rolls itself back and frees the lock ${whenBack(open.left)}. Before that: ${takeUp(open)}.`
        : 'It is about to finish by itself.',
  });
}

/**
 * Ends a deployment that died: rolls back what it changed and did not confirm. A request to stop does not cut this
 * short, because the hypervisor finishes it anyway.
 * @returns how it ended; undefined: there was nothing left of it @throws FleetError `unlock.*`
 */
export async function unlock(
  _ports: Ports,
  { open, host }: DeadDeployment,
  emit: Emit,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (open === undefined) return undefined;
  return changing({ emit, signal, within: endsWithin }, (giveUp) => {
    giveUp.addEventListener('abort', () => host.close(), { once: true });
    return deployment.unlock(host, open.id);
  });
}

/** @param result how the deployment ended, as `unlock` gives it */
export const codeOfEnd = (result: string | undefined): ExitCode =>
  result === 'rollback-failed' ? exitCodes.rollbackFailed : exitCodes.ok;
