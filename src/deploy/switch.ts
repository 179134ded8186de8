import type { Facts } from '../host/facts.ts';
import { FleetError } from '../model/errors.ts';
import type { Network } from '../model/fleet.ts';
import { NotHealthy } from './await-healthy.ts';
import { checkFailedUnits, checkHypervisor, checkUntouched } from './checks.ts';
import type { Context } from './context.ts';
import type { Emit } from './events.ts';
import type { Clock } from './ports.ts';
import type { Session } from './session.ts';
import type { Undo } from './undo.ts';

/** TAPs re-join their bridges and networkd sets addresses in its own time: that long, in ms. */
const networkSettles = 20_000;

export interface SwitchTarget {
  readonly toplevel: string;
  /** Networks the new system should have; undefined: not known (a roll-back to an old generation). */
  readonly networks: readonly Network[];
  readonly networkd: boolean;
  /** A new generation of the system profile, or a return to one there is. */
  readonly generation: 'new' | 'return';
  /** Vms that this deployment stops or changes itself. */
  readonly changing: ReadonlySet<string>;
}

/**
 * Before anything is stopped for a switch the hypervisor itself holds its way back. Until the switch
 * begins, undoing is to disarm it; from then on it is to take it: call what this returns.
 * @param stops how many guests are stopped first
 */
export async function armWayBack(ctx: Context, stops: number): Promise<() => void> {
  const { session, undos, before } = ctx;
  const { confirm, stopTimeout } = ctx.index.fleet.rollout;
  const undo: Undo = {
    title: 'its way back is disarmed',
    harmless: true,
    run: async () => {
      await session.call('disarm', [session.id]);
    },
  };
  undos.push(undo);
  const seconds =
    session.switchSeconds + Math.ceil((confirm + stops * (stopTimeout + 20_000)) / 1000);
  await session.call('arm', [session.id, String(seconds)]);
  return () => {
    undos.splice(undos.indexOf(undo), 1);
    undos.push({
      title: `${session.hypervisor.name} is on its previous system`,
      run: () => switchBack(session, before, confirm),
    });
  };
}

/**
 * Activates a hypervisor's system with the way back armed: test, look over a fresh connection, and
 * only then boot default and profile. When this throws, `switchBack` brings the old system back.
 */
export async function switchHypervisor(
  session: Session,
  clock: Clock,
  emit: Emit,
  target: SwitchTarget,
  before: Facts,
  confirmMs: number,
): Promise<void> {
  const name = session.hypervisor.name;
  const confirm = String(Math.ceil(confirmMs / 1000));
  let code = 0;
  let lost = false;
  try {
    await session.step(
      'switch, boot default untouched',
      'switch',
      [target.toplevel, 'test', session.id, confirm, ...(target.networkd ? ['networkd'] : [])],
      {
        limit: 'switch',
        onLine: (line) => {
          if (line.startsWith('switched\t')) code = Number(line.split('\t')[1]);
        },
      },
    );
  } catch (error) {
    // A switch that takes the link down goes on without us; the fresh connection will tell.
    if (!isLost(error)) throw error;
    lost = true;
  }
  await connectAgain(session, confirmMs);
  if (lost) {
    const told = await session.call('await-steps', [session.id, String(session.switchSeconds)]);
    code = Number(/^switched\t(\d+)$/m.exec(told)?.[1] ?? -1);
  }
  if (code !== 0 && code !== 4 && code !== 100) {
    const how = code < 0 ? 'did not say how it ended' : `ended with ${code}`;
    throw new FleetError('switch.failed', `switch-to-configuration test ${how} on ${name}`);
  }
  if (code === 100) session.note('a reboot is needed for all of the new system to be in use');

  const until = clock.now() + networkSettles;
  for (;;) {
    const facts = await session.facts();
    const checks = [
      ...checkHypervisor(name, target.toplevel, target.networks, facts),
      checkFailedUnits(name, before, facts),
      ...checkUntouched(before, facts, target.changing),
    ];
    if (checks.every((c) => c.ok)) {
      emit({ type: 'checked', hypervisor: name, target: name, checks });
      break;
    }
    if (clock.now() >= until)
      throw new NotHealthy(name, 'is not as it should be after the switch', checks);
    await clock.sleep(500);
  }
  await session.step('set the boot default', 'switch', [
    target.toplevel,
    'boot',
    target.generation,
  ]);
  await session.call('disarm', [session.id]);
}

async function connectAgain(session: Session, confirmMs: number): Promise<void> {
  try {
    await session.reconnectWithin(confirmMs);
  } catch (error) {
    throw new FleetError(
      'switch.unreachable',
      'the hypervisor cannot be reached after the switch',
      {
        cause: error,
        ...(error instanceof Error && { detail: error.message }),
      },
    );
  }
}

/** The way back, now or already taken by the hypervisor itself. @throws when it is not back. */
async function switchBack(session: Session, before: Facts, confirmMs: number): Promise<void> {
  let output: string;
  try {
    output = await session.call('back', [session.id, 'now', '300']);
  } catch (error) {
    if (!isLost(error)) throw error;
    // The old system may have taken the link with it, or it was gone before: the timer is armed.
    await session.reconnectWithin(confirmMs + (session.switchSeconds + 60) * 1000);
    output = await session.call('back', [session.id, 'wait', '300']);
  }
  // Two words: how activation ended, and whether the boot default is the old one again.
  if (output !== '' && !/^back\t\d+ 0$/m.test(output)) {
    throw new FleetError(
      'back.boot',
      'the previous system runs, but a reboot may boot the other one',
      {
        detail: output,
      },
    );
  }
  const facts = await session.facts();
  const checks = checkHypervisor(session.hypervisor.name, before.currentSystem, [], facts);
  if (checks.some((c) => !c.ok)) {
    throw new NotHealthy(session.hypervisor.name, 'is not back on its previous system', checks);
  }
}

export function isLost(error: unknown): boolean {
  return error instanceof FleetError && error.code.startsWith('ssh.');
}
