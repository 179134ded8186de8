import * as steps from '../host/hypervisor/steps.ts';
import type { PlanCheck } from '../plan/checks.ts';
import { hypervisorChecks } from '../plan/drift.ts';
import type { Action } from '../plan/plan.ts';
import { addressesOf, type Context } from './context.ts';
import { checkpoint } from './interrupt.ts';
import { Look } from './look.ts';

/** Ms until a reloaded unit, or a changed kernel setting, has to show its effect. */
const takes = 10_000;

/**
 * Restores what somebody removed from the running system, each part by itself and without a switch, and checks that it is
 * there. Touches no guest; names those that do not answer afterwards.
 * @throws NotHealthy if something cannot be restored
 */
export async function repairAll(ctx: Context, actions: readonly Action[]): Promise<void> {
  const repairs = actions.flatMap((a) => a.repairs ?? []);
  if (repairs.length === 0) return;
  for (const repair of repairs) {
    checkpoint(ctx.signal);
    await ctx.session.step(steps.repair(repair));
  }
  const { session, clock, index, before } = ctx;
  const { name } = session.hypervisor;
  const look = new Look(session, clock, name);
  const started = clock.now();
  const until = started + takes;
  for (;;) {
    const facts = await session.facts(addressesOf(index, name, before));
    const checks = hypervisorChecks(index, name, facts).filter(isMendable);
    const silent = [...facts.answers].filter(([, answers]) => !answers).map(([address]) => address);
    if (checks.every((c) => c.ok) && (silent.length === 0 || clock.now() >= until)) {
      if (silent.length > 0) session.note(`repaired; still no answer from ${silent.join(', ')}`);
      look.passed(checks);
      return;
    }
    if (clock.now() >= until && checks.some((c) => !c.ok))
      throw look.failed('is still not as it should be after the repair', checks);
    look.waiting(checks, started, takes);
    await clock.sleep(500);
  }
}

/** Only checks that a repair was made for count: not a bridge that the switch will create, or somebody else's table. */
function isMendable({ ok, fault }: PlanCheck): boolean {
  return ok || fault?.repairs !== undefined;
}
