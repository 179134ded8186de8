import { FleetError } from '../model/errors.ts';
import { awaitHealthy } from './await-healthy.ts';
import { formerTarget, type Context } from './context.ts';
import { carryOut, type Desired } from './deployment.ts';
import { Interrupted } from './interrupt.ts';
import { isLost } from './switch.ts';
import { undoAll } from './undo.ts';

/** How one hypervisor came out of a deployment. */
export interface HypervisorResult {
  readonly hypervisor: string;
  readonly outcome: 'done' | 'untouched' | 'rolled-back' | 'rollback-failed';
  /** What changed, a line each; after a roll-back: what was put back. */
  readonly lines: readonly string[];
  readonly failure?: FleetError;
}

/** Carries the plan out; puts everything that this run changed back when anything is wrong. */
export async function deployHypervisor(ctx: Context, desired: Desired): Promise<HypervisorResult> {
  const { session } = ctx;
  const hypervisor = session.hypervisor.name;
  let result: HypervisorResult;
  try {
    result = { hypervisor, outcome: 'done', lines: await carryOut(ctx, desired) };
  } catch (error) {
    result = await putBack(ctx, asFleetError(error));
  }
  await endDeployment(ctx, result);
  return result;
}

/** Undoes in reverse order and looks at every vm and the hypervisor again. */
export async function putBack(ctx: Context, failure: FleetError): Promise<HypervisorResult> {
  const { session } = ctx;
  const hypervisor = session.hypervisor.name;
  const changed = ctx.undos.some((undo) => !undo.harmless);
  if (isLost(failure) && !(await findAgain(ctx))) {
    const lines = ['the hypervisor cannot be reached; what it had armed it will do by itself'];
    return { hypervisor, outcome: changed ? 'rollback-failed' : 'untouched', lines, failure };
  }
  if (changed) session.note(failure instanceof Interrupted ? 'interrupted: putting back' : `failed: ${failure.message}; putting back`);
  const { done, failed } = await undoAll(ctx.undos);
  const bad = failed.map((f) => `${f.title}: FAILED: ${f.error.message}`);
  bad.push(...(await lookAgain(ctx)));
  return {
    hypervisor,
    outcome: bad.length > 0 ? 'rollback-failed' : changed ? 'rolled-back' : 'untouched',
    lines: [...done, ...bad],
    failure,
  };
}

/** After a lost link: connects again and waits for the step that went on without us. */
async function findAgain(ctx: Context): Promise<boolean> {
  const { session, index } = ctx;
  try {
    await session.reconnectWithin(index.fleet.rollout.confirm);
    await session.call('await-steps', [session.id, '420']);
    return true;
  } catch {
    return false;
  }
}

/** Every vm that ran before has to be healthy again, on the runner it had. */
async function lookAgain(ctx: Context): Promise<string[]> {
  const bad: string[] = [];
  const never = new AbortController().signal;
  for (const name of ctx.touched) {
    const target = formerTarget(ctx, name);
    if (!target) continue;
    try {
      const checks = await awaitHealthy(ctx.session, ctx.clock, target, [], ctx.index.fleet.rollout, never);
      ctx.emit({ type: 'checked', hypervisor: ctx.session.hypervisor.name, target: name, checks });
    } catch (error) {
      bad.push(`${name} is not healthy after it was put back: ${asFleetError(error).message}`);
    }
  }
  return bad;
}

/** Writes the result and frees the lock. A link that is gone keeps it: the next plan says so. */
export async function endDeployment(ctx: Context, result: HypervisorResult): Promise<void> {
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
  return new FleetError('internal', bug.message, { cause: bug, ...(bug.stack && { detail: bug.stack }) });
}
