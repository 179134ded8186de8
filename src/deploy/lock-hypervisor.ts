import { lock } from '../host/hypervisor/deployment.ts';
import { isLost } from '../host/lost.ts';
import type { Context } from './context.ts';

/** Ms that a hypervisor waits for operations beyond a guest's time to stop, and that the desk waits beyond that. */
const slack = 15_000 + 60_000;

/**
 * Gives the deployment the hypervisor to itself from now on. A vm that an operation changed during the build counts as
 * the operation left it, not as it was when the deployment began: here, and for the way back. Nothing has changed yet:
 * a deployment that is asked to stop does not wait for operations.
 * @throws FleetError `lock.operation` when an operation does not end in time; `interrupted`
 */
export async function lockHypervisor(ctx: Context): Promise<Context> {
  const { session, before, signal } = ctx;
  const { confirm, stopTimeout } = ctx.index.fleet.rollout;
  const take = () => lock(session.host, session.id, stopTimeout + slack, signal);
  const operated = await take().catch(async (error: unknown) => {
    if (!isLost(error)) throw error;
    await session.reconnectWithin(confirm);
    return take();
  });
  if (operated.length === 0) return ctx;
  for (const name of operated)
    session.note(
      `an operation ran on ${name} while this built; a roll-back returns it to how that left it`,
    );
  const now = (await session.health()).vms;
  const vms = new Map(before.vms);
  for (const name of operated) {
    const [was, is] = [vms.get(name), now.get(name)];
    if (was && is) vms.set(name, { ...was, ...is });
  }
  return { ...ctx, before: { ...before, vms } };
}
