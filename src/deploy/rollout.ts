import type { Facts } from '../host/facts.ts';
import type { Host } from '../host/host.ts';
import { parseLock } from '../host/parse-facts.ts';
import { type ExitCode, exitCodes, FleetError } from '../model/errors.ts';
import type { Hypervisor } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import { timestamp } from '../plan/drift.ts';
import type { Action, HypervisorPlan } from '../plan/plan.ts';
import { addressesOf, type Context } from './context.ts';
import { carryOut, type Source } from './deployment.ts';
import type { Emit } from './events.ts';
import { inParallel } from './parallel.ts';
import type { Ports } from './ports.ts';
import { asFleetError, type HypervisorResult, orPutBack } from './put-back.ts';
import { Session } from './session.ts';

/** KiB that /nix/store must have free before anything is begun. */
const needKiB = 1024 * 1024;

export interface Deployment {
  readonly id: string;
  /** Who, for the lock and the journal: user@host. */
  readonly operator: string;
  readonly operation: 'apply' | 'rollback';
}

export interface PlannedHost {
  readonly plan: HypervisorPlan;
  readonly host: Host;
  /** What the plan was made from. */
  readonly facts: Facts;
}

export interface RolloutInput {
  readonly deployment: Deployment;
  readonly index: FleetIndex;
  /** Hypervisors with something to do, with the connection that the facts came over. */
  readonly plans: readonly PlannedHost[];
  readonly release: ReadonlySet<string>;
  readonly ports: Ports;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** The same plan from fresh facts: what is not as planned any more is not carried out. */
  readonly replan: (hypervisor: string, facts: Facts) => HypervisorPlan;
  /** Commits and pushes; called once, when every lock is held. */
  readonly publish: () => Promise<{ source: Source; fingerprints: ReadonlyMap<string, string> }>;
}

/** Locks → commit, push → hypervisors side by side. @throws when no hypervisor was changed. */
export async function rollOut(input: RolloutInput): Promise<HypervisorResult[]> {
  const { index, ports, emit, signal, deployment } = input;
  const sessions = input.plans.map(({ plan, host, facts }) => {
    const hypervisor = index.hypervisors.get(plan.name) as Hypervisor;
    const running = addressesOf(index, plan.name, facts);
    return { plan, running, session: new Session(hypervisor, deployment.id, host, ports, emit) };
  });
  await beginAll(
    sessions.map((s) => s.session),
    deployment,
  );
  try {
    const contexts: { plan: HypervisorPlan; ctx: Context }[] = await Promise.all(
      sessions.map(async ({ plan, running, session }) => {
        const before = await session.facts(running);
        const now = input.replan(plan.name, before);
        if (gist(now) !== gist(plan)) {
          throw new FleetError('plan.stale', `${plan.name} is not as it was when it was planned`, {
            hint: 'Somebody changed it in between. Nothing was done: plan again.',
          });
        }
        return {
          plan: now,
          ctx: {
            index,
            session,
            clock: ports.clock,
            emit,
            signal,
            before,
            undos: [],
            touched: new Set<string>(),
          },
        };
      }),
    );
    signal.addEventListener('abort', () => {
      for (const { session } of sessions)
        session.note('interrupted: finishes the step in hand, then puts back');
    });
    const { source, fingerprints } = await input.publish();
    return await inParallel(contexts, index.fleet.rollout.maxParallel, async ({ plan, ctx }) => {
      emit({ type: 'hypervisor', hypervisor: plan.name, state: 'begin' });
      const result = await orPutBack(ctx, () =>
        carryOut(ctx, {
          plan,
          source,
          fingerprints,
          release: input.release,
        }),
      );
      emit({ type: 'hypervisor', hypervisor: plan.name, state: 'end', result: result.outcome });
      return result;
    });
  } catch (error) {
    // Nothing was changed yet: orPutBack does not throw.
    await Promise.allSettled(
      sessions.map(({ session }) => session.call('end', [deployment.id, 'untouched'])),
    );
    throw error;
  }
}

/** A guest that comes and goes by itself does not make a plan stale. */
function gist(plan: HypervisorPlan): string {
  const passing = new Set<Action['kind']>(['start', 'restart', 'join']);
  const lasting = plan.actions.filter((a) => !passing.has(a.kind));
  return JSON.stringify(lasting.map((a) => [a.kind, a.target, a.network ?? false]));
}

/** Takes the lock of every hypervisor, or of none. @throws FleetError for the first that refuses. */
export async function beginAll(
  sessions: readonly Session[],
  deployment: Deployment,
): Promise<void> {
  const begun = await Promise.allSettled(
    sessions.map((session) =>
      session.call('begin', [
        deployment.id,
        deployment.operator,
        deployment.operation,
        session.hypervisor.system.replace(/-linux$/, ''),
        String(needKiB),
      ]),
    ),
  );
  const failed = begun.findIndex((b) => b.status === 'rejected');
  if (failed < 0) return;
  // Also where it failed: the link may have gone after the lock was taken. Only our own is freed.
  await Promise.allSettled(
    sessions.map((session) => session.call('end', [deployment.id, 'untouched'])),
  );
  const reason = (begun[failed] as PromiseRejectedResult).reason;
  throw explainBegin(sessions[failed] as Session, asFleetError(reason));
}

function explainBegin(session: Session, error: FleetError): FleetError {
  const { name } = session.hypervisor;
  if (error.code !== 'lock.held') {
    return new FleetError(error.code, `${name}: ${error.message}`, {
      ...(error.detail !== undefined && { detail: error.detail }),
      ...(error.hint !== undefined && { hint: error.hint }),
    });
  }
  const lock = parseLock(error.message.split('\t'));
  return new FleetError(
    'lock.held',
    `${name} is locked by ${lock?.owner}, who runs ${lock?.operation} (${lock?.id}) since ${timestamp(lock?.since ?? 0)}`,
    {
      exitCode: exitCodes.locked,
      hint: `No hypervisor was changed. If that run is dead for sure, on ${name}: rm -r /var/lib/fleet/lock`,
    },
  );
}

/** The exit code that says how it went for all of them. */
export function exitCodeOf(results: readonly HypervisorResult[]): ExitCode {
  if (results.some((r) => r.outcome === 'rollback-failed')) return exitCodes.rollbackFailed;
  if (results.some((r) => r.outcome === 'rolled-back')) return exitCodes.rolledBack;
  if (!results.some((r) => r.failure)) return exitCodes.ok;
  // 1 promises that no hypervisor was changed.
  return results.some((r) => r.outcome === 'done' && r.lines.length > 0)
    ? exitCodes.halted
    : exitCodes.failed;
}
