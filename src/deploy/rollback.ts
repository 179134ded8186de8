import { baseOf, type Generations } from '../host/answers/generations.ts';
import * as steps from '../host/hypervisor/steps.ts';
import { FleetError } from '../model/errors.ts';
import { formatExpected, sameWiring } from '../model/expected.ts';
import { isBusy } from '../model/guest-facts.ts';
import { systemName, targetName } from '../model/names.ts';
import type { VmTarget } from '../plan/checks.ts';
import { stoodBefore, tapsOf, untilAsBefore } from './as-before.ts';
import { awaitHealthy } from './await-healthy.ts';
import type { Return, Returns } from './choose-generations.ts';
import { type Context, targetBefore } from './context.ts';
import { withReason } from './failure.ts';
import { checkpoint } from './interrupt.ts';
import { bringUpAll, type Guest } from './side-by-side.ts';
import { switchHypervisor } from './switch.ts';
import { stopVm } from './vm-steps.ts';
import type { Outcome, Work } from './work.ts';

/**
 * Returns vms, and the hypervisor itself, to generations that are already built: no git, no build,
 * no evaluation. Verified like a deployment, and undone when the old generation is not healthy.
 */
export function returning(returns: Returns, generations: Generations, operator: string): Work {
  return {
    prepare: async () => undefined,
    activate: async (ctx) => {
      const system = returns.get(systemName);
      const vms = [...returns].filter(([name]) => name !== systemName);
      const moved = movedVms(ctx, vms);
      if (moved.length > 0 && !system) throw needsItsHypervisor(ctx, moved);
      if (system) {
        ctx.session.phase('switch');
        for (const name of moved) await stopVm(ctx, name);
        checkpoint(ctx.signal);
        const changing = new Set([...moved, ...declaredBy(system, generations)]);
        await switchHypervisor(ctx, {
          toplevel: system.path,
          networks: [],
          networkd: false,
          changing,
        });
        await requireFound(ctx, (name) => changing.has(name) && !returns.has(name));
      }
      const targets = vms.map(([name]) => name);
      if (vms.length > 0) ctx.session.phase('guests', targets);
      const guests = vms.map(
        ([name, generation]): Guest => ({
          name,
          changes: true,
          bringUp: (own, onHealthy) => returnVm(own, name, generation, onHealthy),
        }),
      );
      await bringUpAll(ctx, guests);
      if (system) await removeBridges(ctx, system, generations);
      return {
        lines: [...returns].map(([name, g]) => {
          const title = targetName(name, ctx.session.hypervisor.name);
          return `${title} is on generation ${g.number ?? 'that fleet kept'}; held until fleet apply --release ${title}`;
        }),
        ...records(ctx, returns, operator),
        released: [],
        ...(system && { boot: { toplevel: system.path, generation: 'return' as const } }),
      };
    },
  };
}

/** Vms whose TAP or bridge was a different one in that generation. */
function movedVms(ctx: Context, vms: readonly (readonly [string, Return])[]): string[] {
  return vms.flatMap(([name, { expected: then }]) => {
    const now = ctx.before.deployed.get(name)?.expected;
    return then && now && !sameWiring(then, now) ? [name] : [];
  });
}

function needsItsHypervisor(ctx: Context, moved: readonly string[]): FleetError {
  const names = moved.join(', ');
  return new FleetError(
    'rollback.network',
    `${names} used a network at that generation that the hypervisor's current system does not have`,
    {
      hint: `Roll it back together with its hypervisor: fleet rollback ${moved.join(' ')} ${ctx.session.hypervisor.name}`,
    },
  );
}

/** Guests in the `microvm.vms` of a system, which restarts them on runners of its own. */
export function declaredBy(system: Return, { systems }: Generations): readonly string[] {
  return systems.get(baseOf(system.path))?.declares ?? [];
}

/** @throws FleetError `verify.not-healthy` when a guest that the system restarted does not come up */
async function requireFound(ctx: Context, isMeant: (name: string) => boolean): Promise<void> {
  const names = stoodBefore(ctx).filter(isMeant);
  const taps = await tapsOf(ctx, isMeant);
  if (names.length === 0 && taps.size === 0) return;
  const { bad } = await untilAsBefore(ctx, { names, taps });
  if (bad.size === 0) return;
  throw new FleetError(
    'verify.not-healthy',
    `guests of ${ctx.session.hypervisor.name} are not as they were after the switch`,
    { detail: [...bad.values()].join('\n') },
  );
}

/** Bridges to remove, because networkd removes none: they would stay without guests, and keep their subnets. */
async function removeBridges(
  { before, session }: Context,
  system: Return,
  { systems }: Generations,
): Promise<void> {
  const bridgesOf = (path: string) => systems.get(baseOf(path))?.bridges ?? [];
  const kept = bridgesOf(system.path);
  const old = bridgesOf(before.currentSystem ?? '').filter(
    (name) => !kept.includes(name) && before.interfaces.has(name),
  );
  if (old.length > 0) await session.step(steps.removeBridges(session.id, old));
}

async function returnVm(
  ctx: Context,
  name: string,
  generation: Return,
  onHealthy: () => void,
): Promise<void> {
  checkpoint(ctx.signal);
  try {
    const target = await setRunner(ctx, name, generation);
    if (!target) return;
    const { rollout } = ctx.index.fleet;
    const waiting = { checks: [], rollout, signal: ctx.signal, onHealthy };
    const checks = await awaitHealthy(ctx.session, ctx.clock, target, waiting);
    ctx.seenHealthy.set(name, target);
    const { name: hypervisor } = ctx.session.hypervisor;
    ctx.emit({ type: 'checks', state: 'passed', hypervisor, target: name, checks });
  } catch (error) {
    throw await withReason(ctx.session, error, [name]);
  }
}

/** @returns how it should look on it; undefined: nobody knows */
async function setRunner(
  ctx: Context,
  name: string,
  generation: Return,
): Promise<VmTarget | undefined> {
  const { session, index } = ctx;
  const former = targetBefore(ctx, name);
  const wanted = index.vms.get(name)?.state ?? 'running';
  if (wanted === 'stopped' && isBusy(ctx.before.vms.get(name))) await stopVm(ctx, name);
  const { stopTimeout } = index.fleet.rollout;
  const title = `return ${name} to ${generation.number ?? 'what was kept'}`;
  const vm = { name, stopTimeout, runs: wanted !== 'stopped' };
  await session.step(steps.setRunner(vm, generation.path, title));
  const expected = generation.expected ?? former?.expected;
  if (!expected) return undefined;
  const { isSilent } = generation;
  return {
    name,
    runner: generation.path,
    state: wanted,
    expected,
    ...(isSilent && { isSilent }),
  };
}

function records(
  { before }: Context,
  returns: Returns,
  operator: string,
): Pick<Outcome, 'recorded' | 'held'> {
  const all = [...returns].map(([name, { path, expected }]) => ({
    name,
    path,
    expected: expected && formatExpected(expected),
    from: name === systemName ? before.currentSystem : before.vms.get(name)?.current,
  }));
  return {
    // The fingerprint of an old generation is unknown, so once released, the next apply builds.
    recorded: all.map(({ name, path, from, expected }) => ({
      name,
      fingerprint: '-',
      path,
      before: from,
      commit: '-',
      generation: 'return',
      expected,
    })),
    held: all.map(({ name, path, from }) => ({ name, from: from ?? '-', to: path, operator })),
  };
}
