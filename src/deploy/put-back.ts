import { FleetError } from '../model/errors.ts';
import { awaitHealthy } from './await-healthy.ts';
import { checkVm } from './checks.ts';
import { type Context, formerTarget } from './context.ts';
import { Interrupted } from './interrupt.ts';
import { isLost } from './switch.ts';
import { undoAll } from './undo.ts';
import { putRunnerBack } from './vm-steps.ts';

/** How one hypervisor came out of a deployment. */
export interface HypervisorResult {
  readonly hypervisor: string;
  readonly outcome: 'done' | 'untouched' | 'rolled-back' | 'rollback-failed';
  /** What changed, a line each; after a roll-back: what was put back. */
  readonly lines: readonly string[];
  readonly failure?: FleetError;
}

/**
 * Does the work on one hypervisor; puts everything that it changed back when anything is wrong, and
 * ends the deployment there either way. Does not throw.
 * @param work gives what changed, a line each
 */
export async function orPutBack(
  ctx: Context,
  work: () => Promise<readonly string[]>,
): Promise<HypervisorResult> {
  const hypervisor = ctx.session.hypervisor.name;
  let result: HypervisorResult;
  try {
    result = { hypervisor, outcome: 'done', lines: await work() };
  } catch (error) {
    // What was cut short because a person asked to stop did not fail.
    result = await putBack(
      ctx,
      ctx.signal.aborted ? new Interrupted() : asFleetError(error),
      isLost(error),
    );
  }
  await endDeployment(ctx, result);
  return result;
}

/** Undoes in reverse order and looks at every vm and the hypervisor again. */
async function putBack(
  ctx: Context,
  failure: FleetError,
  lost: boolean,
): Promise<HypervisorResult> {
  const { session } = ctx;
  const hypervisor = session.hypervisor.name;
  const changed = ctx.undos.some((undo) => !undo.harmless);
  if (lost && !(await findAgain(ctx))) {
    const lines = ['the hypervisor cannot be reached; what it had armed it will do by itself'];
    return { hypervisor, outcome: changed ? 'rollback-failed' : 'untouched', lines, failure };
  }
  if (changed)
    session.note(
      failure instanceof Interrupted
        ? 'interrupted: putting back'
        : `failed: ${failure.message}; putting back`,
    );
  const { done, failed } = await undoAll(
    ctx.undos,
    async (error) => isLost(error) && (await findAgain(ctx)),
  );
  const bad = failed
    .filter((f) => !f.undo.harmless)
    .map((f) => `${f.undo.title}: FAILED: ${f.error.message}`);
  if (changed) bad.push(...(await lookAgain(ctx)));
  const minor = failed
    .filter((f) => f.undo.harmless)
    .map((f) => `not so: ${f.undo.title} (${f.error.message})`);
  return {
    hypervisor,
    outcome: bad.length > 0 ? 'rollback-failed' : changed ? 'rolled-back' : 'untouched',
    lines: [...done, ...minor, ...bad],
    failure,
  };
}

/** After a lost link: connects again; a build is ended, anything else that still runs is waited for. */
async function findAgain(ctx: Context): Promise<boolean> {
  const { session, index } = ctx;
  try {
    await session.reconnectWithin(index.fleet.rollout.confirm);
    if (ctx.undos.every((undo) => undo.harmless)) await session.call('stop-steps', [session.id]);
    else await session.call('await-steps', [session.id, '420']);
    return true;
  } catch {
    return false;
  }
}

/** Every guest that ran before has to be as well as it was, on the runner that it ran on. */
async function lookAgain(ctx: Context): Promise<string[]> {
  const bad: string[] = [];
  const never = new AbortController().signal;
  const { rollout } = ctx.index.fleet;
  try {
    for (const [name, seen] of (await ctx.session.facts()).vms) {
      const before = ctx.before.vms.get(name);
      if (before?.unit.active !== 'active' || ctx.touched.has(name)) continue;
      // A switch may have stopped or restarted a guest that was none of its business.
      if (seen.unit.active === 'active' && seen.unit.invocation === before.unit.invocation)
        continue;
      ctx.touched.add(name);
      await putRunnerBack(ctx, name);
    }
  } catch (error) {
    bad.push(`looking for guests that were stopped: ${asFleetError(error).message}`);
  }
  for (const name of ctx.touched) {
    const target = formerTarget(ctx, name);
    if (!target) continue;
    // Not more than was well before: a guest that answered nobody need not answer now.
    const wasWell = new Set(checkVm(target, ctx.before).flatMap((c) => (c.ok ? [c.check] : [])));
    try {
      const checks = await awaitHealthy(ctx.session, ctx.clock, target, [], rollout, never, (c) =>
        wasWell.has(c.check),
      );
      ctx.emit({ type: 'checked', hypervisor: ctx.session.hypervisor.name, target: name, checks });
    } catch (error) {
      bad.push(`${name} is not as well as before: ${asFleetError(error).message}`);
    }
  }
  return bad;
}

/** Writes the result and frees the lock. A link that is gone keeps it: the next plan says so. */
async function endDeployment(ctx: Context, result: HypervisorResult): Promise<void> {
  try {
    await ctx.session.call('end', [ctx.session.id, result.outcome]);
  } catch (error) {
    ctx.session.note(`the lock could not be freed: ${asFleetError(error).message}`);
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
