import { systemName } from '../host/facts.ts';
import { FleetError } from '../model/errors.ts';
import { expectedOf, formatExpected, nicsOf } from '../model/expected.ts';
import type { Action, HypervisorPlan } from '../plan/plan.ts';
import { requireAccess } from './adoption.ts';
import type { Context } from './context.ts';
import { checkpoint } from './interrupt.ts';
import { armWayBack, switchHypervisor } from './switch.ts';
import { bringUpVm, setAside, stopVm } from './vm-steps.ts';

/** The commit that is deployed, and how it gets to a hypervisor. */
export interface Source {
  readonly commit: string;
  readonly branch: string;
  readonly url: string;
  /** Present with `git.transport: send`: makes the bundle for a hypervisor that has `have`. */
  readonly bundle?: (have: string | undefined) => Promise<Buffer>;
}

export interface Desired {
  readonly plan: HypervisorPlan;
  readonly source: Source;
  readonly fingerprints: ReadonlyMap<string, string>;
  /** Targets whose hold is lifted by this deployment. */
  readonly release: ReadonlySet<string>;
}

const builds = new Set<Action['kind']>(['switch', 'create', 'return', 'update']);
const bringsUp = new Set<Action['kind']>([
  'create',
  'return',
  'update',
  'start',
  'restart',
  'join',
]);

/**
 * Carries out one hypervisor's plan, under its lock. Everything is built before anything that runs
 * is touched; every step that changes something leaves its undo in `ctx.undos` before it acts.
 * @returns what changed, a line each. @throws whatever went wrong; the caller undoes.
 */
export async function carryOut(ctx: Context, desired: Desired): Promise<string[]> {
  const { session, before } = ctx;
  const { actions } = desired.plan;
  checkpoint(ctx.signal);
  if (actions.some((a) => a.kind === 'checkout')) await moveCheckout(ctx, desired.source);
  checkpoint(ctx.signal);
  const built = await build(ctx, actions);
  const todo = actions.filter((a) => isNeeded(ctx, a, built));
  announce(ctx, actions, todo, built);

  const toplevel = built.get(session.hypervisor.name);
  const switching = todo.find((a) => a.kind === 'switch');
  if (switching && !before.deployed.has(systemName)) await requireAccess(session);
  checkpoint(ctx.signal);

  const leaving = todo.filter((a) => a.kind === 'set-aside');
  const stops = [...leaving, ...todo.filter((a) => a.network || a.kind === 'stop')];
  if (switching && toplevel) await stopAndSwitch(ctx, stops, switching, toplevel, todo);
  else await stopAll(ctx, stops);
  for (const action of todo.filter((a) => bringsUp.has(a.kind))) {
    await bringUpVm(ctx, action, runnerOf(ctx, action, built));
  }
  for (const action of leaving) await setAside(ctx, action.target);
  checkpoint(ctx.signal);
  await liftHolds(ctx, desired.release);
  // The last step: once it is done there is nothing left that could fail.
  await record(ctx, desired, built);
  return todo.filter((a) => a.kind !== 'checkout').map(describe);
}

async function moveCheckout(ctx: Context, source: Source): Promise<void> {
  const { session } = ctx;
  let from = source.url;
  if (source.bundle) {
    const bundle = await source.bundle(ctx.before.checkout?.commit);
    await session.call('receive', [session.id], { stdin: bundle });
    from = 'bundle';
  }
  const former = ctx.before.checkout?.commit;
  if (former && former !== source.commit) {
    // So that a `microvm -u` by hand does not build what was just put back.
    ctx.undos.push({
      title: `the checkout is at ${former.slice(0, 8)} again`,
      harmless: true,
      run: async () => {
        const args = [session.id, session.hypervisor.checkout, from, source.branch, former];
        await session.step('check out the previous commit', 'checkout', args);
      },
    });
  }
  // A tag may have the branch's name; the first clone of a large repository takes its time.
  const args = [session.id, session.hypervisor.checkout, from, `refs/heads/${source.branch}`];
  await session.step('check out the commit', 'checkout', [...args, source.commit], {
    limit: 'build',
  });
}

/** Store paths by target. */
async function build(ctx: Context, actions: readonly Action[]): Promise<Map<string, string>> {
  const { session } = ctx;
  const wanted = actions
    .filter((a) => builds.has(a.kind))
    .map((a) => (a.kind === 'switch' ? `hypervisor:${a.target}` : `vm:${a.target}`));
  const built = new Map<string, string>();
  if (wanted.length === 0) return built;
  // Nothing runs on what is being built: a person who asks to stop need not wait for it.
  const stop = () => void session.call('stop-steps', [session.id]).catch(() => undefined);
  ctx.signal.addEventListener('abort', stop, { once: true });
  try {
    await session.step('build', 'build', [session.id, session.hypervisor.checkout, ...wanted], {
      limit: 'build',
      light: true,
      onLine: (line) => {
        const [word, target = '', rest = ''] = line.split('\t');
        if (word === 'built') built.set(target, rest);
        if (word === 'closure')
          session.note(target === session.hypervisor.name ? rest : `${target}: ${rest}`);
      },
    });
  } finally {
    ctx.signal.removeEventListener('abort', stop);
  }
  for (const item of wanted) {
    const name = item.slice(item.indexOf(':') + 1);
    if (!built.has(name))
      throw new FleetError('build.no-path', `the build of ${name} gave no store path`);
  }
  return built;
}

/** After the build the store paths decide: what is already so is left alone. */
function isNeeded(ctx: Context, action: Action, built: ReadonlyMap<string, string>): boolean {
  const path = built.get(action.target);
  if (action.kind === 'switch') {
    const { currentSystem, systemProfile } = ctx.before;
    return action.networkd === true || path !== currentSystem || path !== systemProfile;
  }
  // A vm that changes its network was stopped for it.
  if (action.kind !== 'update' || action.network) return true;
  const seen = ctx.before.vms.get(action.target);
  const running = ctx.index.vms.get(action.target)?.state === 'running';
  return (
    seen?.current !== path ||
    (running
      ? seen?.booted !== path || seen?.unit.active !== 'active'
      : seen?.unit.active === 'active')
  );
}

function announce(
  ctx: Context,
  actions: readonly Action[],
  todo: readonly Action[],
  built: ReadonlyMap<string, string>,
): void {
  for (const action of actions) {
    if (!built.has(action.target)) continue;
    if (!todo.includes(action))
      ctx.session.note(`${action.target}: the build is what it already is on, nothing restarts`);
    else if (action.kind === 'update')
      ctx.session.note(
        `${action.target}: another runner, ${ctx.before.vms.get(action.target)?.booted ? 'it restarts' : 'it starts'}`,
      );
  }
}

async function stopAll(ctx: Context, stops: readonly Action[]): Promise<void> {
  for (const action of stops) {
    await stopVm(ctx, action.target);
    checkpoint(ctx.signal);
  }
}

async function stopAndSwitch(
  ctx: Context,
  stops: readonly Action[],
  switching: Action,
  toplevel: string,
  todo: readonly Action[],
): Promise<void> {
  const beginSwitch = await armWayBack(ctx, stops.length);
  await stopAll(ctx, stops);
  checkpoint(ctx.signal);
  beginSwitch();
  await activate(ctx, switching, toplevel, todo);
  await removeOldBridges(ctx);
}

async function activate(
  ctx: Context,
  action: Action,
  toplevel: string,
  todo: readonly Action[],
): Promise<void> {
  const { session, before, clock, emit, index } = ctx;
  const { confirm } = index.fleet.rollout;
  await switchHypervisor(
    session,
    clock,
    emit,
    {
      toplevel,
      networks: index.networksOn(session.hypervisor.name),
      networkd: action.networkd ?? false,
      generation: 'new',
      changing: new Set(
        todo
          .filter((a) => a.network || a.kind === 'stop' || a.kind === 'set-aside')
          .map((a) => a.target),
      ),
    },
    before,
    confirm,
  );
}

function runnerOf(ctx: Context, action: Action, built: ReadonlyMap<string, string>): string {
  const runner = built.get(action.target) ?? ctx.before.vms.get(action.target)?.current;
  if (!runner)
    throw new FleetError(
      'vm.no-runner',
      `${action.target} has no runner on ${ctx.session.hypervisor.name}`,
    );
  return runner;
}

async function record(
  ctx: Context,
  desired: Desired,
  built: ReadonlyMap<string, string>,
): Promise<void> {
  const { session, before, index } = ctx;
  const rows: string[] = [];
  for (const [target, path] of built) {
    const vm = index.vms.get(target);
    const fingerprint = desired.fingerprints.get(target) ?? '-';
    const former = vm ? before.vms.get(target)?.current : before.currentSystem;
    const expected = vm ? formatExpected(expectedOf(vm, index.networks)) : '-';
    rows.push(vm ? target : systemName, fingerprint, path, former ?? '-', expected);
  }
  if (rows.length > 0)
    await session.step('record generations', 'record', [
      session.id,
      index.fleet.name,
      desired.source.commit,
      'new',
      ...rows,
    ]);
}

async function liftHolds(ctx: Context, release: ReadonlySet<string>): Promise<void> {
  const lifted = [...ctx.before.held.keys()].filter((name) =>
    release.has(name === systemName ? ctx.session.hypervisor.name : name),
  );
  if (lifted.length === 0) return;
  ctx.undos.push({
    title: `${lifted.length} held back as before`,
    harmless: true,
    run: async () => {
      for (const name of lifted) {
        const held = ctx.before.held.get(name);
        if (held) await ctx.session.call('hold', [held.operator, name, held.from, held.to]);
      }
    },
  });
  await ctx.session.call('hold', ['-', ...lifted]);
}

/**
 * networkd never deletes a netdev whose file went (DESIGN, traps, 7); a bridge that was renamed would
 * keep the subnet of the new one. The way back makes them again.
 */
async function removeOldBridges(ctx: Context): Promise<void> {
  const { session } = ctx;
  const wanted = new Set(ctx.index.networksOn(session.hypervisor.name).map((n) => n.bridge));
  const ours = new Set(
    [...ctx.before.deployed.values()]
      .flatMap((d) => nicsOf(d.expected))
      .map(({ bridge }) => bridge),
  );
  const old = [...ctx.before.interfaces.keys()].filter(
    (name) => ours.has(name) && !wanted.has(name),
  );
  if (old.length > 0)
    await session.step(`remove ${old.join(', ')}`, 'bridges', [session.id, ...old]);
}

function describe(action: Action): string {
  const words: Record<Action['kind'], string> = {
    checkout: 'checked out',
    switch: 'switched',
    create: 'created',
    return: 'brought back',
    update: 'updated',
    start: 'started',
    restart: 'restarted',
    stop: 'stopped',
    join: 'joined to its bridge',
    'set-aside': 'set aside',
  };
  return `${action.target} ${words[action.kind]}`;
}
