import * as steps from '../host/hypervisor/steps.ts';
import { nicsOf } from '../model/expected.ts';
import type { Vm } from '../model/fleet.ts';
import { isBusy } from '../model/guest-facts.ts';
import type { VmTarget } from '../plan/checks.ts';
import type { Action } from '../plan/plan.ts';
import { awaitHealthy } from './await-healthy.ts';
import { blameGuest } from './blame.ts';
import { type Context, desiredTarget } from './context.ts';
import { withReason } from './failure.ts';
import { checkpoint } from './interrupt.ts';

/** Stops a guest: it leaves, is to be stopped, or changes its network. */
export async function stopVm(ctx: Context, name: string): Promise<void> {
  await ctx.session.step(steps.stopVm(name, ctx.index.fleet.rollout.stopTimeout));
}

/**
 * Creates, updates or starts one guest and looks at it until it has settled.
 * @param runner store path that was built for it
 * @param onHealthy called when it is healthy for the first time
 */
export async function bringUpVm(
  ctx: Context,
  action: Action,
  runner: string,
  onHealthy: () => void,
): Promise<void> {
  checkpoint(ctx.signal);
  const vm = ctx.index.vms.get(action.target);
  if (!vm) throw new Error(`no vm ${action.target}`);
  try {
    await act(ctx, action, vm, runner);
    await seeHealthy(ctx, vm, desiredTarget(ctx, vm, runner), onHealthy);
  } catch (error) {
    const blamed = await blameGuest(ctx, action, error);
    throw await withReason(ctx.session, blamed, [vm.name]);
  }
}

/** Looks at one guest until it has settled so. @throws NotHealthy */
export async function seeHealthy(
  ctx: Context,
  vm: Vm,
  target: VmTarget,
  onHealthy: () => void,
): Promise<void> {
  const { rollout } = ctx.index.fleet;
  const waiting = { checks: vm.checks, rollout, signal: ctx.signal, onHealthy };
  const checks = await awaitHealthy(ctx.session, ctx.clock, target, waiting);
  ctx.seenHealthy.set(vm.name, target);
  ctx.emit({
    type: 'checks',
    state: 'passed',
    hypervisor: ctx.session.hypervisor.name,
    target: vm.name,
    checks,
  });
}

/** A vm that left the fleet: its state moves out of the way, nothing is deleted. */
export async function setAside(ctx: Context, name: string): Promise<void> {
  const { session } = ctx;
  const folder = await session.step(steps.setVmAside(session.id, name));
  if (folder !== undefined) session.note(`the state of ${name} is in ${folder}`);
}

async function act(ctx: Context, action: Action, vm: Vm, runner: string): Promise<void> {
  const { session } = ctx;
  const { name } = vm;
  const { checkout } = session.hypervisor;
  const start = () => session.step(steps.startVm(name));
  switch (action.kind) {
    case 'create':
      await session.step(steps.createVm(name, checkout, runner));
      if (vm.state === 'running') await start();
      return;
    case 'return':
      await session.step(steps.restoreVm(name));
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
        await session.step(steps.joinTap(tap, bridge));
      }
    }
  }
}

async function update(ctx: Context, vm: Vm, runner: string): Promise<void> {
  const { session } = ctx;
  const { name } = vm;
  const run = vm.state === 'running';
  const how = { name, stopTimeout: ctx.index.fleet.rollout.stopTimeout, runs: run };
  if (!run && isBusy(ctx.before.vms.get(name))) await stopVm(ctx, name);
  // If the old runner was collected, `microvm` cannot diff against it and would leave the guest half updated.
  if (ctx.before.gone.has(name) || ctx.before.lost.has(name)) {
    await session.step(steps.setRunner(how, runner, `update ${name}`));
    return;
  }
  try {
    await session.step(steps.updateVm(how, session.hypervisor.checkout));
  } catch (error) {
    // Its exit status proves nothing (a failing closure diff ends it early); only a look does.
    const now = (await session.health()).vms.get(name);
    if ((run ? now?.booted : now?.current) !== runner) throw error;
    session.note(`microvm -u of ${name} failed, though ${name} is on its new runner`);
  }
}
