import type { WayBack } from '../host/answers/way-back.ts';
import { FleetError } from '../model/errors.ts';
import type { Facts, Health } from '../model/facts.ts';
import { isBusy } from '../model/guest-facts.ts';
import { systemName } from '../model/names.ts';
import { checkHypervisor, checkVm } from '../plan/checks.ts';
import { type AsBefore, illBefore, stoodBefore, tapsOf, untilAsBefore } from './as-before.ts';
import { awaitHealthy } from './await-healthy.ts';
import { type Context, targetBefore } from './context.ts';
import { withReason } from './failure.ts';

/** The state before a deployment, as the hypervisor itself recorded it. */
interface Remembered extends Pick<WayBack, 'targets' | 'started' | 'hasSwitched'> {
  /** The runner that each guest returns to; a guest that is missing here had none. */
  readonly runners: ReadonlyMap<string, string>;
}

/** The state of the guests after a roll-back. */
export interface Seen {
  /** By name, why a guest is not as before; the hypervisor itself under `systemName`. */
  readonly bad: ReadonlyMap<string, string>;
  /** Guests that were not healthy before: only their runner has to be right. */
  readonly ill: ReadonlySet<string>;
  /** Guests that are not fleet's and that the switch to the previous system restarted; all of them run. */
  readonly restarted: readonly string[];
}

/** The runner that each guest returns to; a guest that is missing here had none. */
function runnersBefore({ before }: Context, remembered: WayBack): Map<string, string> {
  const runners = new Map<string, string>();
  // A deployment begun by an older fleet does not record them.
  for (const [name, vm] of before.vms) {
    const runner = isBusy(vm) ? (vm.booted ?? vm.current) : vm.current;
    if (runner !== undefined) runners.set(name, runner);
  }
  for (const [name, runner] of remembered.runners) {
    if (runner === undefined) runners.delete(name);
    else runners.set(name, runner);
  }
  return runners;
}

/** Looks at everything after a roll-back, until it is as before and has stayed so for the settle time. */
export async function lookAgain(ctx: Context, wayBack: WayBack): Promise<Seen> {
  const remembered = { ...wayBack, runners: runnersBefore(ctx, wayBack) };
  const ill = illBefore(ctx);
  const well = remembered.started.filter((name) => !ill.has(name));
  const [asBefore, ...sick] = await Promise.all([
    everybody(ctx, remembered, ill),
    ...well.map((name) => sickness(ctx, name, remembered.runners.get(name))),
  ]);
  const { bad } = asBefore;
  well.forEach((name, i) => {
    const why = sick[i];
    if (why !== undefined) bad.set(name, why);
  });
  // Fleet's own guests do not count: the deployment may have restarted some itself.
  const isByItself = (name: string) =>
    !bad.has(name) && !remembered.started.includes(name) && !ctx.before.deployed.has(name);
  return { bad, ill, restarted: asBefore.restarted.filter(isByItself) };
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Why a guest that was started again is in a worse state than before. */
async function sickness(
  ctx: Context,
  name: string,
  runner: string | undefined,
): Promise<string | undefined> {
  const { session, before, clock, index } = ctx;
  const former = targetBefore(ctx, name);
  if (!former || !runner) return undefined;
  const target = { ...former, runner, state: 'running' as const };
  // Only what was healthy before has to be healthy now: a guest that did not answer then need not answer. Its runner must be right.
  const asked = new Set(['current', 'booted']);
  for (const c of checkVm(target, before)) if (c.ok) asked.add(c.check);
  const never = new AbortController().signal;
  try {
    const checks = await awaitHealthy(session, clock, target, {
      checks: [],
      rollout: index.fleet.rollout,
      signal: never,
      demanded: (c) => asked.has(c.check),
    });
    ctx.emit({
      type: 'checks',
      state: 'passed',
      hypervisor: session.hypervisor.name,
      target: name,
      checks,
    });
    return undefined;
  } catch (error) {
    const why = await withReason(session, error, [name]);
    const detail = why instanceof FleetError && why.detail ? `\n${why.detail}` : '';
    return `${name} is not as healthy as before: ${messageOf(why)}${detail}`;
  }
}

async function everybody(
  ctx: Context,
  remembered: Remembered,
  ill: ReadonlySet<string>,
): Promise<AsBefore> {
  const { session, before } = ctx;
  // The switch to the previous system may restart guests that are not fleet's: those in its microvm.vms it always does.
  const isMeant = (name: string) => !before.deployed.has(name) && !ill.has(name);
  try {
    const taps = remembered.hasSwitched ? await tapsOf(ctx, isMeant) : new Map();
    return await untilAsBefore(ctx, { names: stoodBefore(ctx), taps }, (now) =>
      differences(session.hypervisor.name, before, remembered, ill, now),
    );
  } catch (error) {
    const why = `fleet could not check it again: ${messageOf(error)}`;
    return { bad: new Map([[systemName, why]]), restarted: [] };
  }
}

/** What else is not as before, apart from guests that do not run. */
function differences(
  hypervisor: string,
  before: Facts,
  { runners, targets }: Remembered,
  ill: ReadonlySet<string>,
  now: Health,
): Map<string, string> {
  const bad = new Map<string, string>();
  for (const { ok, seen } of checkHypervisor(hypervisor, before.currentSystem, [], now))
    if (!ok) bad.set(systemName, `${hypervisor} is not on its previous system: ${seen}`);
  for (const { name, ...vm } of before.vms.values()) {
    const seen = now.vms.get(name);
    const ran = isBusy({ name, ...vm });
    if (!targets.has(name) || (ran && !ill.has(name) && seen?.unit.active !== 'active')) continue;
    if (!ran && isBusy(seen)) bad.set(name, `${name} did not run before and runs now`);
    else if (seen?.current !== runners.get(name))
      bad.set(name, `${name} is on ${seen?.current ?? 'no runner'}, not on the one before`);
    else if (ran && !ill.has(name) && seen?.booted !== seen?.current)
      bad.set(name, `${name} runs on ${seen?.booted ?? 'no runner'}, not on the one before`);
  }
  for (const name of targets)
    if (!before.vms.has(name) && now.vms.has(name))
      bad.set(name, `${name} was new and is still there`);
  return bad;
}
