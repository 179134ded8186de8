import { nicsOf } from '../model/expected.ts';
import type { Vm } from '../model/fleet.ts';
import { isBusy } from '../model/guest-facts.ts';
import type { Action } from '../plan/plan.ts';
import { awaitHealthy } from './await-healthy.ts';
import { blameGuest } from './blame.ts';
import { type Context, desiredTarget, stopSeconds } from './context.ts';
import { withReason } from './failure.ts';
import { checkpoint } from './interrupt.ts';
import { inParallel } from './parallel.ts';

/** Stops a guest: it leaves, is to be stopped, or changes its network. */
export async function stopVm(ctx: Context, name: string): Promise<void> {
  await ctx.session.step(`stop ${name}`, 'vm-stop', [name, stopSeconds(ctx)], {
    limit: 'guest',
    onLine: tellKilled(ctx),
  });
}

/**
 * Brings guests up in the order given, at most `maxParallelVms` at a time, none before those that it
 * depends on are healthy. @throws the first failure, when nobody is at work any more
 */
export async function bringUpAll(
  ctx: Context,
  actions: readonly Action[],
  runnerOf: (action: Action) => string,
): Promise<void> {
  const stop = new AbortController();
  const own = { ...ctx, signal: AbortSignal.any([ctx.signal, stop.signal]) };
  const underway = new Map<string, Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const bringUp = async (action: Action): Promise<void> => {
    const needs = ctx.index.vms.get(action.target)?.dependsOn ?? [];
    await Promise.all(needs.map((name) => underway.get(name)));
    if (failure) return;
    try {
      await bringUpVm(own, action, runnerOf(action));
    } catch (error) {
      failure ??= { error };
      stop.abort();
    }
  };
  await inParallel(actions, ctx.index.fleet.rollout.maxParallelVms, (action) => {
    const work = bringUp(action);
    underway.set(action.target, work);
    return work;
  });
  if (failure) throw failure.error;
}

/**
 * Creates, updates or starts one guest and looks at it until it has settled.
 * @param runner store path that was built for it
 */
async function bringUpVm(ctx: Context, action: Action, runner: string): Promise<void> {
  checkpoint(ctx.signal);
  const vm = ctx.index.vms.get(action.target);
  if (!vm) throw new Error(`no vm ${action.target}`);
  try {
    await act(ctx, action, vm, runner);
    await seeHealthy(ctx, vm, runner);
  } catch (error) {
    const blamed = await blameGuest(ctx, action, error);
    throw await withReason(ctx.session, blamed, [vm.name]);
  }
}

/** Looks at one guest until it has settled on `runner`. @throws NotHealthy */
async function seeHealthy(ctx: Context, vm: Vm, runner: string): Promise<void> {
  const target = desiredTarget(ctx, vm, runner);
  const { rollout } = ctx.index.fleet;
  const checks = await awaitHealthy(ctx.session, ctx.clock, target, vm.checks, rollout, ctx.signal);
  ctx.standing.set(vm.name, target);
  ctx.emit({ type: 'checked', hypervisor: ctx.session.hypervisor.name, target: vm.name, checks });
}

/** A vm that left the fleet: its state moves out of the way, nothing is deleted. */
export async function setAside(ctx: Context, name: string): Promise<void> {
  const { session } = ctx;
  await session.step(`set ${name} aside`, 'vm-aside', [session.id, name], {
    onLine: (line) => {
      if (line.startsWith('aside\t'))
        session.note(`the state of ${name} is in ${line.split('\t')[1]}`);
    },
  });
}

async function act(ctx: Context, action: Action, vm: Vm, runner: string): Promise<void> {
  const { session } = ctx;
  const { name } = vm;
  const { checkout } = session.hypervisor;
  const start = () => session.step(`start ${name}`, 'vm-start', [name], { limit: 'guest' });
  switch (action.kind) {
    case 'create':
      await session.step(`create ${name}`, 'vm-create', [name, checkout], { limit: 'guest' });
      if (vm.state === 'running') await start();
      return;
    case 'return':
      await session.step(`restore ${name}`, 'vm-return', [name]);
      return update(ctx, vm, runner);
    case 'update':
      return update(ctx, vm, runner);
    case 'restart':
      await stopVm(ctx, name);
      await start();
      return;
    case 'start':
      await start();
      return;
    case 'join': {
      for (const { tap, bridge } of nicsOf(desiredTarget(ctx, vm, runner).expected)) {
        await session.step(`join ${tap} to ${bridge}`, 'vm-join', [tap, bridge], {
          kind: 'harmless',
        });
      }
    }
  }
}

async function update(ctx: Context, vm: Vm, runner: string): Promise<void> {
  const { session } = ctx;
  const { name } = vm;
  const run = vm.state === 'running';
  if (!run && isBusy(ctx.before.vms.get(name))) await stopVm(ctx, name);
  // Of a runner that was collected microvm cannot make a diff, and would leave the guest half updated.
  if (ctx.before.gone.has(name) || ctx.before.lost.has(name)) {
    const args = [name, runner, stopSeconds(ctx), run ? 'run' : 'stay'];
    await session.step(`update ${name}`, 'vm-set', args, {
      limit: 'guest',
      onLine: tellKilled(ctx),
    });
    return;
  }
  const args = [name, stopSeconds(ctx), session.hypervisor.checkout, run ? 'run' : 'stay'];
  try {
    await session.step(`update ${name}`, 'vm-update', args, {
      limit: 'guest',
      onLine: tellKilled(ctx),
    });
  } catch (error) {
    // Its exit status proves nothing (a failing closure diff ends it): a look does.
    const now = (await session.facts()).vms.get(name);
    if ((run ? now?.booted : now?.current) !== runner) throw error;
    session.note(`microvm -u of ${name} failed, though ${name} is on its new runner`);
  }
}

/** The scripts say `killed NAME` of a guest that would not stop. */
export function tellKilled(ctx: Context): (line: string) => void {
  return (line) => {
    const [word, name] = line.split('\t');
    if (word === 'killed') ctx.session.note(`${name} did not stop in time and was killed`);
  };
}
