import { parseRunners } from '../host/runners.ts';
import type { Facts } from '../model/facts.ts';
import { systemName } from '../model/names.ts';
import type { Context } from './context.ts';

/** How guests came through a switch that are not fleet's, or that a system of somebody else's starts. */
export interface FoundLook {
  /** Those that were restarted. */
  readonly restarted: readonly string[];
  /** What is not as it was, a line each. */
  readonly bad: readonly string[];
}

/**
 * Looks at guests that ran before and that fleet did not touch, until they have run for the settle time in the
 * bridges that they were in. A switch may restart them all: a system of theirs does, by its `microvm.vms`.
 */
export async function lookAtFound(
  { session, before, clock, index }: Context,
  isLookedAt: (name: string) => boolean,
): Promise<FoundLook> {
  const { deadline, settle } = index.fleet.rollout;
  const names = [...before.vms.values()]
    .filter((vm) => vm.unit.active === 'active' && isLookedAt(vm.name))
    .map((vm) => vm.name);
  const { vms, otherTaps } = parseRunners(await session.call('runners', []));
  const taps = new Map<string, readonly string[]>([
    ...[...otherTaps].filter(([name]) => isLookedAt(name)),
    ...vms
      .filter(({ name }) => names.includes(name))
      .map((vm) => [vm.name, vm.nics.map(({ tap }) => tap)] as const),
  ]);
  if (taps.size === 0 && names.length === 0) return { restarted: [], bad: [] };
  const lifeOf = (facts: Facts) =>
    names.map((name) => facts.vms.get(name)?.unit.invocation ?? '').join(' ');
  const until = clock.now() + deadline;
  let since = clock.now();
  let life: string | undefined;
  for (;;) {
    const facts = await session.facts();
    const bad = [...notRunning(names, facts), ...outOfBridge(taps, before, facts)];
    if (bad.length > 0 || life !== lifeOf(facts)) since = clock.now();
    life = lifeOf(facts);
    const restarted = names.filter(
      (name) => facts.vms.get(name)?.unit.invocation !== before.vms.get(name)?.unit.invocation,
    );
    // What was not restarted has been running all the time.
    const hasSettled = restarted.length === 0 || clock.now() - since >= settle;
    if (bad.length === 0 && hasSettled) return { restarted, bad };
    if (clock.now() >= until + settle)
      return {
        restarted,
        bad: bad.length > 0 ? bad : [`${restarted.join(', ')} did not stay up for the settle time`],
      };
    await clock.sleep(1000);
  }
}

function notRunning(names: readonly string[], facts: Facts): string[] {
  return names
    .filter((name) => facts.vms.get(name)?.unit.active !== 'active')
    .map((name) => `${name} was running before and is not running now`);
}

/** Their bridge may be there and well, and they in none. */
function outOfBridge(
  taps: ReadonlyMap<string, readonly string[]>,
  before: Facts,
  facts: Facts,
): string[] {
  return [...taps].flatMap(([name, own]) =>
    own.flatMap((tap) => {
      const was = before.interfaces.get(tap)?.master;
      const now = facts.interfaces.get(tap);
      if (was === undefined || now?.master === was) return [];
      const seen = now === undefined ? 'is not there' : `is in ${now.master ?? 'no bridge'}`;
      return [`${name} is not in ${was} any more: its ${tap} ${seen}`];
    }),
  );
}

/** After a switch was rolled back: every guest that is not fleet's. What to say of them, and what is wrong. */
export async function foundAfterRollback(
  ctx: Context,
  started: readonly string[],
): Promise<{ lines: string[]; bad: readonly string[] }> {
  if (!started.includes(systemName)) return { lines: [], bad: [] };
  let look: FoundLook;
  try {
    look = await lookAtFound(
      ctx,
      (name) => !ctx.before.deployed.has(name) && !started.includes(name),
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { lines: [], bad: [`could not check guests that are not fleet's: ${why}`] };
  }
  const well = look.restarted.filter(
    (name) => !look.bad.some((line) => line.startsWith(`${name} `)),
  );
  return {
    lines: well.map(
      (name) => `${name} was restarted by the switch to the previous system, and runs`,
    ),
    bad: look.bad,
  };
}
