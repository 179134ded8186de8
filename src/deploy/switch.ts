import { switchSystem } from '../host/hypervisor/steps.ts';
import { isLost } from '../host/lost.ts';
import type { CheckResult } from '../model/check-result.ts';
import { FleetError } from '../model/errors.ts';
import type { Facts } from '../model/facts.ts';
import type { Network } from '../model/fleet.ts';
import { checkFailedUnits, checkHypervisor, checkUntouched } from '../plan/checks.ts';
import { deployedNetworks } from '../plan/drift.ts';
import { checkPlumbing } from '../plan/plumbing.ts';
import type { Context } from './context.ts';
import { Look } from './look.ts';

/** Ms that TAPs may take to re-join their bridges, and networkd to set addresses. */
const networkSettles = 20_000;

export interface SwitchTarget {
  readonly toplevel: string;
  /** Networks the new system should have; none where that is not known (a return to an old one). */
  readonly networks: readonly Network[];
  readonly networkd: boolean;
  /** Vms that this deployment stops or changes itself. */
  readonly changing: ReadonlySet<string>;
}

/**
 * Activates a hypervisor's system and looks at it over a fresh connection. The boot default stays
 * as it is until everything else is healthy: until then a power cycle is a way back.
 */
export async function switchHypervisor(ctx: Context, target: SwitchTarget): Promise<void> {
  const { session, clock, before } = ctx;
  const { name } = session.hypervisor;
  const { confirm } = ctx.index.fleet.rollout;
  // Looked at after repairs, so that what they mended does not count as wrong before the switch.
  const known = target.networks.length > 0 ? wrongBefore(ctx, target, await session.facts()) : [];
  let code: number | undefined;
  try {
    code = await session.step(switchSystem(session.id, target.toplevel, target.networkd));
    // An old connection may survive a switch after which nobody could log in any more.
    await session.reconnectWithin(confirm);
  } catch (error) {
    throw isCutOff(error) ? unreachable(error, confirm) : error;
  }
  if (code !== 0 && code !== 4 && code !== 100) {
    const how = code === undefined ? 'did not say how it ended' : `ended with ${code}`;
    throw new FleetError('switch.failed', `switch-to-configuration test ${how} on ${name}`, {
      blames: 'commit',
    });
  }
  if (code === 100) session.note('a reboot is needed before all of the new system is in use');
  const look = new Look(session, clock, name);
  const started = clock.now();
  for (;;) {
    const facts = await session.facts().catch((error: unknown) => {
      throw isCutOff(error) ? unreachable(error, confirm) : error;
    });
    // By now the old system runs, and a look would judge that one.
    if (facts.lock?.id !== session.id || facts.lock.decided === 'back') throw byItself(confirm);
    const checks = [
      ...checkHypervisor(name, target.toplevel, target.networks, facts),
      checkFailedUnits(name, before, facts),
      ...checkUntouched(before, facts, target.changing),
      ...checkPlumbing(session.hypervisor, target.networks, facts).filter(
        (c) => c.ok || !known.some((was) => was.check === c.check && was.seen === c.seen),
      ),
    ];
    if (checks.every((c) => c.ok)) {
      look.passed(checks);
      return;
    }
    if (clock.now() - started >= networkSettles)
      throw look.failed('is not as it should be after the switch', checks);
    look.waiting(checks, started, networkSettles);
    await clock.sleep(500);
  }
}

/**
 * What already kept guests' packets from getting through, in the same way, before the switch: not its fault. Where fleet
 * had deployed nothing, only the parts of others were there; and a switch starts what somebody stopped.
 */
function wrongBefore(
  { index, session: { hypervisor } }: Context,
  { toplevel, networks }: SwitchTarget,
  facts: Facts,
): CheckResult[] {
  // A resumed deployment may have caused it itself.
  if (facts.currentSystem === toplevel) return [];
  const isOurs = deployedNetworks(index, hypervisor.name, facts).length > 0;
  return checkPlumbing(hypervisor, networks, facts).filter(
    ({ ok, fault, seen }) => !ok && (!fault?.repairs || (isOurs && seen !== 'inactive')),
  );
}

/** The link was lost in the switch and did not come back, or only after the hypervisor rolled back. */
function isCutOff(error: unknown): error is FleetError {
  return isLost(error) || (error instanceof FleetError && error.code === 'back.taken');
}

/** Not an `ssh.*` code, because the switch is to blame. */
function unreachable(error: FleetError, confirm: number): FleetError {
  if (error.code === 'back.taken') return byItself(confirm, error);
  return new FleetError('switch.unreachable', 'the hypervisor is unreachable after the switch', {
    blames: 'commit',
    cause: error,
    detail: error.message,
  });
}

function byItself(confirm: number, cause?: FleetError): FleetError {
  return new FleetError(
    'switch.unreachable',
    `no answer for ${confirm / 1000} s after the switch: the hypervisor rolled back by itself`,
    {
      ...(cause && { cause }),
      blames: 'commit',
      hint: 'Does the new system have the address that fleet connects to, its route, its network card and a firewall rule for ssh?',
    },
  );
}
