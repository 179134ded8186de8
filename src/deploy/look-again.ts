import { FleetError } from '../model/errors.ts';
import type { Facts } from '../model/facts.ts';
import { isBusy, type VmFacts } from '../model/guest-facts.ts';
import { systemName } from '../model/names.ts';
import { checkHypervisor, checkVm } from '../plan/checks.ts';
import { awaitHealthy } from './await-healthy.ts';
import { type Context, formerTarget } from './context.ts';
import { withReason } from './failure.ts';

/** What a hypervisor was before a deployment, as it remembers it itself (back.sh). */
export interface Remembered {
  /** The runner that each guest goes back to; one that is not there had none. */
  readonly runners: ReadonlyMap<string, string>;
  /** Vms that the deployment may have changed. */
  readonly targets: ReadonlySet<string>;
  /** Vms that the hypervisor has started again. */
  readonly restarted: readonly string[];
}

/** How the guests are after a roll-back. */
export interface Seen {
  /** Why somebody is not as before, by name; the hypervisor's own under `systemName`. */
  readonly bad: ReadonlyMap<string, string>;
  /** Guests that were in no good state before, and of which nothing is demanded but their runner. */
  readonly ill: ReadonlySet<string>;
}

/** Reads from the answer of back.sh what it remembers. */
export function parseRemembered(rows: readonly (readonly string[])[], { before }: Context) {
  const runners = new Map<string, string>();
  // A deployment that an older fleet began does not say which.
  for (const [name, vm] of before.vms) {
    const runner = isBusy(vm) ? (vm.booted ?? vm.current) : vm.current;
    if (runner !== undefined) runners.set(name, runner);
  }
  for (const [word, name = '', , , , runner] of rows) {
    if (word !== 'vm' || runner === undefined) continue;
    if (runner === '-') runners.delete(name);
    else runners.set(name, runner);
  }
  const of = (key: string) => rows.flatMap(([word, text = '']) => (word === key ? [text] : []));
  return {
    runners,
    targets: new Set(of('target')),
    restarted: of('put-back').filter((name) => name !== systemName),
  };
}

/** Looks at everything after a roll-back, until it is as before and has held still for the settle time. */
export async function lookAgain(ctx: Context, remembered: Remembered): Promise<Seen> {
  const ill = new Set(
    [...ctx.before.vms.values()].filter((vm) => isBusy(vm) && !stood(ctx, vm)).map((vm) => vm.name),
  );
  const well = remembered.restarted.filter((name) => !ill.has(name));
  const [unlike, ...sick] = await Promise.all([
    unlikeBefore(ctx, remembered, ill),
    ...well.map((name) => sickness(ctx, name, remembered.runners.get(name))),
  ]);
  const bad = new Map(unlike);
  well.forEach((name, i) => {
    const why = sick[i];
    if (why !== undefined) bad.set(name, why);
  });
  return { bad, ill };
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** It ran for longer than one that crashes and is started again: what it was is known. */
function stood({ index }: Context, { unit }: VmFacts): boolean {
  const { settle } = index.fleet.rollout;
  return unit.active === 'active' && (unit.activeFor ?? Infinity) * 1000 >= settle;
}

/** Why a guest that was started again is not as well as it was. */
async function sickness(
  ctx: Context,
  name: string,
  runner: string | undefined,
): Promise<string | undefined> {
  const { session, before, clock, index } = ctx;
  const former = formerTarget(ctx, name);
  if (!former || !runner) return undefined;
  const target = { ...former, runner, state: 'running' as const };
  // Not more than was well before: a guest that answered nobody need not answer now. Its runner it has to have.
  const asked = new Set(['current', 'booted']);
  for (const c of checkVm(target, before)) if (c.ok) asked.add(c.check);
  const never = new AbortController().signal;
  try {
    const checks = await awaitHealthy(session, clock, target, [], index.fleet.rollout, never, (c) =>
      asked.has(c.check),
    );
    ctx.emit({ type: 'checked', hypervisor: session.hypervisor.name, target: name, checks });
    return undefined;
  } catch (error) {
    const why = await withReason(session, error, [name]);
    const detail = why instanceof FleetError && why.detail ? `\n${why.detail}` : '';
    return `${name} is not as well as before: ${messageOf(why)}${detail}`;
  }
}

/** What is not as it was, once it had time to come: after a reboot guests start one by one. */
async function unlikeBefore(
  { session, before, clock, index }: Context,
  remembered: Remembered,
  ill: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const { deadline, settle } = index.fleet.rollout;
  const started = clock.now();
  let lives: ReadonlyMap<string, string> | undefined;
  let stillSince = started;
  for (;;) {
    let bad: Map<string, string>;
    let restless: string[] = [];
    try {
      const facts = await session.facts();
      bad = differences(session.hypervisor.name, before, remembered, ill, facts);
      const now = livesOf(before, ill, facts);
      restless = [...now].flatMap(([name, life]) => (lives?.get(name) === life ? [] : [name]));
      lives = now;
    } catch (error) {
      const why = `it could not be checked again: ${messageOf(error)}`;
      return new Map([[systemName, why]]);
    }
    if (bad.size > 0 || restless.length > 0) stillSince = clock.now();
    if (bad.size === 0 && clock.now() - stillSince >= settle) return bad;
    if (clock.now() - started >= deadline + (bad.size > 0 ? 0 : 2 * settle)) {
      for (const name of restless) bad.set(name, `${name} keeps restarting`);
      return bad;
    }
    await clock.sleep(Math.min(1000, Math.max(100, settle)));
  }
}

/** What tells one run of a guest from the next, of those that ran before and did not crash. */
function livesOf(before: Facts, ill: ReadonlySet<string>, now: Facts): Map<string, string> {
  const ran = [...before.vms.values()].filter((vm) => isBusy(vm) && !ill.has(vm.name));
  return new Map(
    ran.map(({ name }) => {
      const seen = now.vms.get(name);
      return [name, `${seen?.unit.invocation} ${seen?.virtiofsd.invocation}`];
    }),
  );
}

function differences(
  hypervisor: string,
  before: Facts,
  { runners, targets }: Remembered,
  ill: ReadonlySet<string>,
  now: Facts,
): Map<string, string> {
  const bad = new Map<string, string>();
  for (const { ok, seen } of checkHypervisor(hypervisor, before.currentSystem, [], now))
    if (!ok) bad.set(systemName, `${hypervisor} is not on its previous system: ${seen}`);
  for (const { name, ...vm } of before.vms.values()) {
    const seen = now.vms.get(name);
    const ran = isBusy({ name, ...vm });
    if (ran && !ill.has(name) && seen?.unit.active !== 'active')
      bad.set(name, `${name} was running before and is not running now`);
    else if (!targets.has(name)) continue;
    else if (!ran && isBusy(seen)) bad.set(name, `${name} did not run before and runs now`);
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
