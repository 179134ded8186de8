import { readRunners } from '../host/hypervisor/look.ts';
import type { CheckResult } from '../model/check-result.ts';
import type { Facts, Health } from '../model/facts.ts';
import { type GuestHealth, isBusy, type VmFacts } from '../model/guest-facts.ts';
import { targetName } from '../model/names.ts';
import type { Context } from './context.ts';
import { Look } from './look.ts';

/** Guests that ran before a switch or a roll-back, and what has to hold for them afterwards. */
export interface Ran {
  /** Those that have to run. */
  readonly names: readonly string[];
  /** TAPs by guest, including guests that can never be fleet's: each has to be in the bridge that it was in. */
  readonly taps: ReadonlyMap<string, readonly string[]>;
}

/** The state of these guests: one verdict each. */
export interface AsBefore {
  /** Why a guest is not as it was, by name. */
  readonly bad: Map<string, string>;
  /** Guests that have been restarted since. */
  readonly restarted: readonly string[];
}

/** Guests that had been up for longer than a crash loop allows, so that their state before is known. */
export function stoodBefore({ before, index }: Context): string[] {
  const { settle } = index.fleet.rollout;
  const stood = ({ unit }: VmFacts) =>
    unit.active === 'active' && (unit.activeFor ?? Infinity) * 1000 >= settle;
  return [...before.vms.values()].filter(stood).map(({ name }) => name);
}

/** Guests that were up, or being started by systemd, but had not been up for long enough. */
export function illBefore(ctx: Context): Set<string> {
  const stood = new Set(stoodBefore(ctx));
  const busy = [...ctx.before.vms.values()].filter(isBusy).map(({ name }) => name);
  return new Set(busy.filter((name) => !stood.has(name)));
}

/** TAPs of guests as found on the hypervisor: for guests that are not fleet's there is no other source. */
export async function tapsOf(
  { session }: Context,
  isMeant: (name: string) => boolean,
): Promise<Map<string, readonly string[]>> {
  const { vms, otherTaps } = await readRunners(session.host);
  const taps = [
    ...otherTaps,
    ...vms.map(({ name, nics }) => [name, nics.map(({ tap }) => tap)] as const),
  ];
  return new Map(taps.filter(([name]) => isMeant(name)));
}

/**
 * Looks at guests until each is as before and has stayed so for the settle time. That takes a while after a switch, and
 * longer after a reboot.
 * @param unlike what else is not as before, by guest
 */
export async function untilAsBefore(
  { session, before, clock, index }: Context,
  { names, taps }: Ran,
  unlike: (health: Health) => ReadonlyMap<string, string> = () => new Map(),
): Promise<AsBefore> {
  const { deadline, settle } = index.fleet.rollout;
  const started = clock.now();
  const { name } = session.hypervisor;
  const look = new Look(session, clock, name);
  const asBefore = ([guest, seen]: readonly [string, string]): CheckResult => ({
    target: targetName(guest, name),
    check: 'as before',
    ok: false,
    expected: 'as before',
    seen,
  });
  let goodSince = started;
  const lives = new Map<string, { readonly life: string; readonly since: number }>();
  for (;;) {
    const health = await session.health();
    const now = clock.now();
    const bad = new Map([
      ...outOfBridge(taps, before, health),
      ...unlike(health),
      ...notRunning(names, health),
    ]);
    if (bad.size > 0) goodSince = now;
    for (const name of names) {
      const life = lifeOf(health.vms.get(name));
      if (lives.get(name)?.life !== life) lives.set(name, { life, since: now });
    }
    const restless = names.filter((name) => now - (lives.get(name)?.since ?? now) < settle);
    const isOver = now - started >= deadline + (bad.size > 0 ? 0 : 2 * settle);
    if (isOver || (bad.size === 0 && restless.length === 0 && now - goodSince >= settle)) {
      for (const name of restless) if (!bad.has(name)) bad.set(name, `${name} keeps restarting`);
      const invocation = (of: Health, name: string) => of.vms.get(name)?.unit.invocation;
      const isNew = (name: string) => invocation(health, name) !== invocation(before, name);
      return { bad, restarted: names.filter(isNew) };
    }
    look.waiting([...bad].map(asBefore), started, deadline);
    await clock.sleep(Math.min(1000, Math.max(100, settle)));
  }
}

/** What tells one run of a guest from the next. */
function lifeOf(vm: GuestHealth | undefined): string {
  return `${vm?.unit.invocation} ${vm?.virtiofsd.invocation}`;
}

function notRunning(names: readonly string[], now: Health): [string, string][] {
  return names
    .filter((name) => now.vms.get(name)?.unit.active !== 'active')
    .map((name) => [name, `${name} was running before and is not running now`]);
}

/** TAPs that left their bridge, which itself may be up and healthy. */
function outOfBridge(taps: Ran['taps'], before: Facts, after: Health): [string, string][] {
  return [...taps].flatMap(([name, own]) =>
    own.flatMap((tap): [string, string][] => {
      const was = before.interfaces.get(tap)?.master;
      const now = after.interfaces.get(tap);
      if (was === undefined || now?.master === was) return [];
      const seen = now === undefined ? 'is not there' : `is in ${now.master ?? 'no bridge'}`;
      return [[name, `${name} is not in ${was} any more: its ${tap} ${seen}`]];
    }),
  );
}
