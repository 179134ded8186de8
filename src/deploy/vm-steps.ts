import type { Action } from '../plan/plan.ts';
import { awaitHealthy } from './await-healthy.ts';
import { desiredTarget, stopSeconds, type Context } from './context.ts';
import { checkpoint } from './interrupt.ts';

/** Stops a guest that leaves or changes its network; the way back starts it again. */
export async function stopVm(ctx: Context, name: string): Promise<void> {
  const { session } = ctx;
  if (ctx.before.vms.get(name)?.unit.active === 'active') {
    ctx.touched.add(name);
    ctx.undos.push({ title: `${name} runs again`, run: () => putRunnerBack(ctx, name) });
  }
  await session.step(`stop ${name}`, 'vm-stop', [session.id, name, stopSeconds(ctx)], {
    limit: 'guest',
    onLine: (line) => {
      if (line.startsWith('killed\t')) session.note(`${name} did not stop in time and was killed`);
    },
  });
}

/** The runner a vm had becomes current again; it runs again if it ran. */
async function putRunnerBack(ctx: Context, name: string): Promise<void> {
  const seen = ctx.before.vms.get(name);
  if (!seen?.current) return;
  const then = seen.unit.active === 'active' ? 'run' : 'stay';
  await ctx.session.step(`put ${name} back`, 'vm-set', [name, seen.current, stopSeconds(ctx), then], { limit: 'guest' });
}

/**
 * Creates, updates or starts one guest and looks at it until it has settled.
 * @param runner store path that was built for it
 */
export async function bringUpVm(ctx: Context, action: Action, runner: string): Promise<void> {
  checkpoint(ctx.signal);
  const { session, index } = ctx;
  const vm = index.vms.get(action.target);
  if (!vm) throw new Error(`no vm ${action.target}`);
  const { name } = vm;
  const checkout = session.hypervisor.checkout;
  const run = vm.state === 'running';
  const seen = ctx.before.vms.get(name);

  if (action.kind === 'create' || action.kind === 'return') {
    ctx.undos.push({ title: `${name}, which was new, is set aside`, run: () => setAsideAgain(ctx, name) });
    if (action.kind === 'create') await session.step(`create ${name}`, 'vm-create', [name, checkout], { limit: 'guest' });
    else await session.step(`bring back ${name}`, 'vm-return', [name]);
  } else if (!ctx.touched.has(name) && action.kind !== 'join') {
    if (seen?.unit.active === 'active') ctx.touched.add(name);
    ctx.undos.push({ title: `${name} is on its previous runner`, run: () => putFormerStateBack(ctx, name) });
  }

  const killed = (line: string) => {
    if (line.startsWith('killed\t')) session.note(`${name} did not stop in time and was killed`);
  };
  if (action.kind === 'create' || action.kind === 'start') {
    if (run) await session.step(`start ${name}`, 'vm-start', [name], { limit: 'guest' });
  } else if (action.kind === 'join') {
    const { tap, bridge } = desiredTarget(ctx, vm, runner).expected;
    await session.step(`join ${tap} to ${bridge}`, 'vm-join', [tap, bridge]);
  } else {
    if (!run && seen?.unit.active === 'active') await stopVm(ctx, name);
    const then = run ? 'run' : 'stay';
    await session.step(`update ${name}`, 'vm-update', [name, stopSeconds(ctx), checkout, then], {
      limit: 'guest',
      onLine: killed,
    }).catch(async (error: unknown) => {
      // Its exit status proves nothing (a failing closure diff ends it): the look afterwards does.
      session.note(`microvm -u of ${name} ended with an error; looking at the guest itself`);
      const now = (await session.facts()).vms.get(name);
      if ((run ? now?.booted : now?.current) !== runner) throw error;
    });
  }
  const target = desiredTarget(ctx, vm, runner);
  const { rollout } = index.fleet;
  const checks = await awaitHealthy(session, ctx.clock, target, vm.checks, rollout, ctx.signal);
  ctx.emit({ type: 'checked', hypervisor: session.hypervisor.name, target: name, checks });
}

async function putFormerStateBack(ctx: Context, name: string): Promise<void> {
  if (ctx.before.vms.get(name)?.unit.active !== 'active') {
    await ctx.session.step(`stop ${name}`, 'vm-stop', [ctx.session.id, name, stopSeconds(ctx)], { limit: 'guest' });
  }
  await putRunnerBack(ctx, name);
}

async function setAsideAgain(ctx: Context, name: string): Promise<void> {
  const { session } = ctx;
  // Creating it may have failed before there was anything.
  if (!(await session.facts()).vms.has(name)) return;
  await session.step(`stop ${name}`, 'vm-stop', [session.id, name, stopSeconds(ctx)], { limit: 'guest' });
  await session.step(`set ${name} aside`, 'vm-aside', [session.id, name]);
}

/** A vm that left the fleet: its state moves out of the way, nothing is deleted. */
export async function setAside(ctx: Context, name: string): Promise<void> {
  const { session } = ctx;
  ctx.undos.push({
    title: `${name} is where it was`,
    run: async () => {
      if (!(await session.facts()).vms.has(name)) await session.step(`bring back ${name}`, 'vm-return', [name]);
    },
  });
  await session.step(`set ${name} aside`, 'vm-aside', [session.id, name], {
    onLine: (line) => {
      if (line.startsWith('aside\t')) session.note(`the state of ${name} is in ${line.split('\t')[1]}`);
    },
  });
}
