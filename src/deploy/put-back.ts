import { systemName } from '../host/facts.ts';
import { isLost } from '../host/hypervisor.ts';
import { FleetError } from '../model/errors.ts';
import { checkHypervisor, checkVm } from '../plan/checks.ts';
import { awaitHealthy } from './await-healthy.ts';
import { type Context, formerTarget } from './context.ts';
import { withReason } from './failure.ts';
import { foundAfterRollback } from './found-guests.ts';

/** How one hypervisor came out of a deployment. */
export interface HypervisorResult {
  readonly hypervisor: string;
  readonly outcome: 'done' | 'untouched' | 'rolled-back' | 'rollback-failed' | 'in-doubt';
  /** What changed, a line each; after a roll-back: what was put back. */
  readonly lines: readonly string[];
  readonly failure?: FleetError;
  /** Why nothing was done, or it was taken back, though nothing failed here. */
  readonly because?: string;
}

/** Seconds that a way back may take: a switch, and guests that hang. */
const wayBackSeconds = '600';
/** How much later than its time to be heard of we still look for a hypervisor, in ms. */
export const patience = 30_000;

/**
 * Has a hypervisor take its way back, or finds that it took it by itself, and looks at everything
 * that ran before. Does not throw.
 */
export async function putBack(ctx: Context): Promise<Pick<HypervisorResult, 'outcome' | 'lines'>> {
  const { session } = ctx;
  try {
    const answer = await takeWayBack(ctx);
    const rows = answer.split('\n').map((line) => line.split('\t'));
    const of = (key: string) => rows.flatMap(([word, text = '']) => (word === key ? [text] : []));
    const isChanged = rows.some(([word]) => word === 'changed');
    const bad = of('not-back');
    if (of('result').includes('done'))
      bad.push('it had been confirmed and has ended: fleet rollback puts it back');
    const restarted = of('put-back').filter((name) => name !== systemName);
    const found = await foundAfterRollback(ctx, of('put-back'));
    bad.push(...found.bad);
    if (isChanged) bad.push(...(await lookAgain(ctx, restarted)).filter((b) => !bad.includes(b)));
    const outcome = bad.length > 0 ? 'rollback-failed' : isChanged ? 'rolled-back' : 'untouched';
    const lines = of('put-back').map((name) =>
      name === systemName
        ? `${session.hypervisor.name} is on its previous system`
        : `${name} runs as before`,
    );
    return { outcome, lines: [...lines, ...found.lines, ...bad] };
  } catch (error) {
    const { message } = asFleetError(error);
    const lines = isLost(error)
      ? [
          'it cannot be reached: it puts itself back when it has not heard of us for the time in',
          `rollout.confirm, and nobody has seen that (${message})`,
        ]
      : [message];
    return { outcome: 'rollback-failed', lines };
  }
}

async function takeWayBack({ session, index }: Context): Promise<string> {
  const take = () =>
    session.during('put back', () => session.call('back', [session.id, 'now', wayBackSeconds]));
  try {
    return await take();
  } catch (error) {
    if (!isLost(error)) throw error;
    // The link was gone before, or the old system took it along; without us it goes back, too, and then
    // lets in who came in before.
    await session.reconnectWithin(index.fleet.rollout.confirm + patience, true);
    return take();
  }
}

/** Every guest that ran before has to be as well as it was, on the runner that it ran on. */
async function lookAgain(ctx: Context, restarted: readonly string[]): Promise<string[]> {
  const bad: string[] = [];
  const never = new AbortController().signal;
  const { session, before, clock } = ctx;
  const { rollout } = ctx.index.fleet;
  for (const name of restarted) {
    const target = formerTarget(ctx, name);
    if (!target) continue;
    // Not more than was well before: a guest that answered nobody need not answer now.
    const wasWell = new Set(checkVm(target, before).flatMap((c) => (c.ok ? [c.check] : [])));
    try {
      const checks = await awaitHealthy(session, clock, target, [], rollout, never, (c) =>
        wasWell.has(c.check),
      );
      ctx.emit({ type: 'checked', hypervisor: session.hypervisor.name, target: name, checks });
    } catch (error) {
      const { message, detail } = asFleetError(await withReason(session, error, [name]));
      bad.push(`${name} is not as well as before: ${message}${detail ? `\n${detail}` : ''}`);
    }
  }
  try {
    bad.push(...(await stillDifferent(ctx)));
  } catch (error) {
    bad.push(`it could not be looked at again: ${asFleetError(error).message}`);
  }
  return bad;
}

/** What ran before and does not run now, once it had time to: after a reboot guests start one by one. */
async function stillDifferent({ session, before, clock, index }: Context): Promise<string[]> {
  const { name } = session.hypervisor;
  const until = clock.now() + index.fleet.rollout.deadline;
  for (;;) {
    const facts = await session.facts();
    const bad = checkHypervisor(name, before.currentSystem, [], facts)
      .filter((c) => !c.ok)
      .map((c) => `${name} is not on its previous system: ${c.seen}`);
    for (const vm of before.vms.values()) {
      if (vm.unit.active === 'active' && facts.vms.get(vm.name)?.unit.active !== 'active')
        bad.push(`${vm.name} ran before and does not run now`);
    }
    if (bad.length === 0 || clock.now() >= until) return bad;
    await clock.sleep(1000);
  }
}

/** Bugs are told apart from what can go wrong: they keep their stack. */
export function asFleetError(error: unknown): FleetError {
  if (error instanceof FleetError) return error;
  const bug = error instanceof Error ? error : new Error(String(error));
  return new FleetError('internal', bug.message, {
    cause: bug,
    ...(bug.stack && { detail: bug.stack }),
  });
}
