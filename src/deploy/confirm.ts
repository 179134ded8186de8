import { confirm as confirmAt } from '../host/hypervisor/deployment.ts';
import * as steps from '../host/hypervisor/steps.ts';
import { isLost } from '../host/lost.ts';
import { FleetError } from '../model/errors.ts';
import { checkHypervisor, checkVm, type VmTarget } from '../plan/checks.ts';
import { unchangedGuests } from './context.ts';
import { withReason } from './failure.ts';
import { checkpoint, Interrupted } from './interrupt.ts';
import { Look } from './look.ts';
import { inParallel } from './parallel.ts';
import type { Part } from './part.ts';
import { asFleetError, graceMs } from './put-back.ts';
import type { Outcome } from './work.ts';

/** How many hypervisors are looked at, or confirmed, at a time. */
const atOnce = 64;
/** One lost ping is no reason to roll back: ms during which a failing check is tried again. */
const looksFor = 10_000;

/**
 * Looks at each hypervisor a last time, over a fresh connection, and sets its boot default. Only when all are healthy,
 * and nobody has asked to stop, are they confirmed. One that is in doubt afterwards has not failed: all were healthy, so
 * the others stay confirmed. @returns the first that failed, with its failure
 */
export async function confirmAll(
  parts: readonly Part[],
  signal: AbortSignal,
): Promise<Part | undefined> {
  const failed = await attempt(parts, async (part) => {
    checkpoint(signal);
    part.ctx.session.phase('verify');
    await lookOnceMore(part);
    const { boot } = part.outcome as Outcome;
    if (!boot) return;
    const { session } = part.ctx;
    await session.step(steps.setBootDefault(session.id, boot.toplevel, boot.generation));
  });
  if (failed) return failed;
  const [first] = parts;
  if (first && signal.aborted) {
    first.failure = new Interrupted();
    return first;
  }
  // All at once: whoever asks to stop from now on is told that the hypervisors keep the commit.
  for (const part of parts) {
    part.state = 'confirming';
    part.ctx.session.phase('confirm');
    part.ctx.emit({ type: 'hypervisor', hypervisor: part.name, state: 'confirming' });
  }
  return attempt(parts, confirm);
}

async function attempt(
  parts: readonly Part[],
  work: (part: Part) => Promise<void>,
): Promise<Part | undefined> {
  await inParallel(parts, atOnce, async (part) => {
    try {
      await work(part);
    } catch (error) {
      part.failure = asFleetError(error);
    }
  });
  return parts.find((part) => part.failure && part.state !== 'in-doubt');
}

async function lookOnceMore(part: Part): Promise<void> {
  const { ctx, name, outcome } = part;
  const { session, clock, seenHealthy, index } = ctx;
  const { confirm } = index.fleet.rollout;
  await session.reconnectWithin(confirm);
  const targets = [...seenHealthy.values()];
  const running = [...targets, ...unchangedGuests(ctx)].filter((t) => t.state === 'running');
  const addresses = running.map(({ expected }) => expected.address);
  const look = new Look(session, clock, name);
  const started = clock.now();
  const limit = Math.min(looksFor, confirm / 2);
  const until = started + limit;
  // Guests that this deployment left alone cannot fail it, so two more seconds of looking are enough for them.
  const lostPing = Math.min(until, clock.now() + 2000);
  for (;;) {
    const health = await session.health(addresses);
    const checks = targets.flatMap((target) => checkVm(target, health));
    if (outcome?.boot) {
      const { toplevel, generation } = outcome.boot;
      // Today's fleet.yaml does not say which networks a system from back then has.
      const networks = generation === 'return' ? [] : index.networksOn(name);
      checks.push(...checkHypervisor(name, toplevel, networks, health));
    }
    if (checks.every((c) => c.ok)) {
      const isWell = (target: VmTarget) => checkVm(target, health).every((c) => c.ok);
      const isSure = clock.now() >= lostPing;
      if (isSure || running.every(isWell)) {
        part.healthy = new Map(running.map((t) => [t.name, isWell(t) ? t.runner : '-']));
        return;
      }
    }
    if (clock.now() >= until) {
      const failing = checks.filter((c) => !c.ok && c.target !== name).map((c) => c.target);
      throw await withReason(session, look.failed('did not stay healthy', checks), failing);
    }
    look.waiting(checks, started, limit);
    await session.renew();
    await clock.sleep(500);
  }
}

async function confirm(part: Part): Promise<void> {
  const { session, index } = part.ctx;
  const { recorded, waiting, released, held } = part.outcome as Outcome;
  const wanted = {
    fleet: index.fleet.name,
    recorded,
    ...(waiting && { waiting }),
    released,
    held,
    healthy: part.healthy ?? new Map(),
  };
  const send = () => confirmAt(session.host, session.id, wanted);
  try {
    await session.during('confirm', async () => {
      try {
        await send();
      } catch (error) {
        if (!isLost(error)) throw error;
        // The confirmation may have arrived; confirming twice does no harm. Ask until the hypervisor would have
        // rolled itself back, and had time to finish: its answer says which of the two happened.
        await session.reconnectWithin(index.fleet.rollout.confirm + graceMs);
        await send();
      }
    });
  } catch (error) {
    if (isLost(error)) {
      part.state = 'in-doubt';
      throw inDoubt(asFleetError(error));
    }
    if (asFleetError(error).code !== 'confirm.already') throw error;
  }
  part.state = 'confirmed';
}

function inDoubt({ message }: FleetError): FleetError {
  return new FleetError(
    'ssh.in-doubt',
    `connection lost during confirmation (${message}): it runs either the new or the previous generation`,
    {
      hint: 'Run fleet plan once it is reachable again.',
    },
  );
}
