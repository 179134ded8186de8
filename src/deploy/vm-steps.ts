import { nicsOf } from '../model/expected.ts';
import type { Vm } from '../model/fleet.ts';
import type { Action } from '../plan/plan.ts';
import { awaitHealthy } from './await-healthy.ts';
import { type Context, desiredTarget, formerRunner, stopSeconds } from './context.ts';
import { checkpoint } from './interrupt.ts';

/** Stops a guest that leaves or changes its network; the way back starts it again. */
export async function stopVm(ctx: Context, name: string): Promise<void> {
  if (wasRunning(ctx, name)) {
    ctx.touched.add(name);
    ctx.undos.push({ title: `${name} runs again`, run: () => putRunnerBack(ctx, name) });
  }
  await stop(ctx, name);
}

/**
 * Creates, updates or starts one guest and looks at it until it has settled.
 * @param runner store path that was built for it
 */
export async function bringUpVm(ctx: Context, action: Action, runner: string): Promise<void> {
  checkpoint(ctx.signal);
  const vm = ctx.index.vms.get(action.target);
  if (!vm) throw new Error(`no vm ${action.target}`);
  leaveUndo(ctx, action);
  await act(ctx, action, vm, runner);
  const target = desiredTarget(ctx, vm, runner);
  const { rollout } = ctx.index.fleet;
  const checks = await awaitHealthy(ctx.session, ctx.clock, target, vm.checks, rollout, ctx.signal);
  ctx.emit({ type: 'checked', hypervisor: ctx.session.hypervisor.name, target: vm.name, checks });
}

/** A vm that left the fleet: its state moves out of the way, nothing is deleted. */
export async function setAside(ctx: Context, name: string): Promise<void> {
  const { session } = ctx;
  ctx.undos.push({
    title: `${name} is where it was`,
    run: async () => {
      if (!(await session.facts()).vms.has(name))
        await session.step(`bring back ${name}`, 'vm-return', [name]);
    },
  });
  await session.step(`set ${name} aside`, 'vm-aside', [session.id, name], {
    onLine: (line) => {
      if (line.startsWith('aside\t'))
        session.note(`the state of ${name} is in ${line.split('\t')[1]}`);
    },
  });
}

function wasRunning(ctx: Context, name: string): boolean {
  return ctx.before.vms.get(name)?.unit.active === 'active';
}

/** Before acting, so that whatever is cut short can be taken back. */
function leaveUndo(ctx: Context, action: Action): void {
  const name = action.target;
  if (action.kind === 'create' || action.kind === 'return') {
    ctx.undos.push({
      title: `${name}, which was new, is set aside`,
      run: () => setAsideAgain(ctx, name),
    });
  } else if (action.kind !== 'join' && !ctx.touched.has(name)) {
    if (wasRunning(ctx, name)) ctx.touched.add(name);
    ctx.undos.push({
      title: `${name} is on its previous runner`,
      run: () => putFormerStateBack(ctx, name),
    });
  }
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
      await session.step(`bring back ${name}`, 'vm-return', [name]);
      return update(ctx, vm, runner);
    case 'update':
      return update(ctx, vm, runner);
    case 'restart':
      await stop(ctx, name);
      await start();
      return;
    case 'start':
      await start();
      return;
    case 'join': {
      for (const { tap, bridge } of nicsOf(desiredTarget(ctx, vm, runner).expected)) {
        await session.step(`join ${tap} to ${bridge}`, 'vm-join', [tap, bridge]);
      }
    }
  }
}

async function update(ctx: Context, vm: Vm, runner: string): Promise<void> {
  const { session } = ctx;
  const { name } = vm;
  const run = vm.state === 'running';
  if (!run && wasRunning(ctx, name)) await stop(ctx, name);
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
    session.note(`microvm -u of ${name} ended with an error, though ${name} is on its new runner`);
  }
}

function stop(ctx: Context, name: string): Promise<string> {
  const { session } = ctx;
  const args = [session.id, name, stopSeconds(ctx)];
  return session.step(`stop ${name}`, 'vm-stop', args, { limit: 'guest', onLine: tellKilled(ctx) });
}

/** The scripts say `killed NAME` of a guest that would not stop. */
function tellKilled(ctx: Context): (line: string) => void {
  return (line) => {
    const [word, name] = line.split('\t');
    if (word === 'killed') ctx.session.note(`${name} did not stop in time and was killed`);
  };
}

/** Stopped if it did not run, else on the runner that it ran on. */
export async function putFormerStateBack(ctx: Context, name: string): Promise<void> {
  if (!wasRunning(ctx, name)) await stop(ctx, name);
  await putRunnerBack(ctx, name);
}

/** The runner a vm ran on becomes current again; it runs again if it ran. */
export async function putRunnerBack(ctx: Context, name: string): Promise<void> {
  const runner = formerRunner(ctx, name);
  if (!runner) return;
  const args = [name, runner, stopSeconds(ctx), wasRunning(ctx, name) ? 'run' : 'stay'];
  await ctx.session.step(`put ${name} back`, 'vm-set', args, {
    limit: 'guest',
    onLine: tellKilled(ctx),
  });
}

async function setAsideAgain(ctx: Context, name: string): Promise<void> {
  const { session } = ctx;
  // Creating it may have failed before there was anything.
  if (!(await session.facts()).vms.has(name)) return;
  await stop(ctx, name);
  await session.step(`set ${name} aside`, 'vm-aside', [session.id, name]);
}
