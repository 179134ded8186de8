import type { Recorded } from '../host/hypervisor/confirmation-rows.ts';
import { receive, stopPreparing } from '../host/hypervisor/deployment.ts';
import type { Buildable } from '../host/hypervisor/steps.ts';
import * as steps from '../host/hypervisor/steps.ts';
import { FleetError } from '../model/errors.ts';
import { expectedOf, formatExpected, nicsOf } from '../model/expected.ts';
import { isBusy } from '../model/guest-facts.ts';
import { systemName, targetName } from '../model/names.ts';
import type { Action, HypervisorPlan } from '../plan/plan.ts';
import { requireAccess } from './adoption.ts';
import { blameBuild } from './blame.ts';
import type { Context } from './context.ts';
import { checkpoint } from './interrupt.ts';
import { repairAll } from './repair.ts';
import { bringUpAll, type Guest } from './side-by-side.ts';
import { switchHypervisor } from './switch.ts';
import { bringUpVm, setAside, stopVm } from './vm-steps.ts';
import type { Outcome, Work } from './work.ts';

/** The commit to deploy, and how it gets to a hypervisor. */
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
  /** What a first switch may take away, by name. */
  readonly dropped?: ReadonlySet<string>;
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

/** Turns one hypervisor's plan into work for a rollout. */
export function deploying(desired: Desired): Work {
  const { actions } = desired.plan;
  let built: ReadonlyMap<string, string> = new Map();
  return {
    prepare: (ctx) =>
      untilStopped(ctx, async () => {
        if (actions.some((a) => a.kind === 'checkout')) {
          ctx.session.phase('checkout');
          await moveCheckout(ctx, desired.source);
        } else await ctx.session.deploys(desired.source);
        checkpoint(ctx.signal);
        built = await build(ctx, actions);
        checkpoint(ctx.signal);
        const switches = actions.some((a) => a.kind === 'switch' && isNeeded(ctx, a, built));
        const toplevel = built.get(ctx.session.hypervisor.name);
        if (switches && toplevel && !ctx.before.deployed.has(systemName)) {
          await requireAccess(ctx.session, {
            before: ctx.before,
            toplevel,
            ours: new Set(ctx.index.vmsOn(ctx.session.hypervisor.name).map(({ name }) => name)),
            dropped: desired.dropped ?? new Set(),
          });
        }
      }),
    activate: (ctx) => activate(ctx, desired, built),
  };
}

/**
 * Runs preparatory work, which nothing that runs depends on. So a person who asks to stop need not wait for a hanging
 * fetch or a long build. @throws Interrupted then, whatever error the step itself ended with
 */
async function untilStopped(
  { clock, session, signal }: Context,
  work: () => Promise<void>,
): Promise<void> {
  checkpoint(signal);
  let isOver = false;
  const stop = async () => {
    // If the link is lost just now, the step that loses it reconnects.
    while (!isOver) {
      try {
        return await stopPreparing(session.host, session.id);
      } catch {
        await clock.sleep(2000);
      }
    }
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    await work();
  } catch (error) {
    checkpoint(signal);
    throw error;
  } finally {
    isOver = true;
    signal.removeEventListener('abort', stop);
  }
}

async function activate(
  ctx: Context,
  desired: Desired,
  built: ReadonlyMap<string, string>,
): Promise<Outcome> {
  const { actions } = desired.plan;
  const waits = actions.filter((a) => a.waits && isNeeded(ctx, a, built));
  const todo = actions.flatMap((a): Action[] => {
    if (waits.includes(a)) return [];
    if (isNeeded(ctx, a, built)) return [a];
    return a.restart ? [{ ...a, kind: 'restart' }] : [];
  });
  announce(
    ctx,
    actions.filter((a) => !waits.includes(a)),
    todo,
    built,
  );
  for (const { target } of waits)
    ctx.session.note(`${target}: new runner, waits for a restart: fleet restart ${target}`);
  const toplevel = built.get(ctx.session.hypervisor.name);
  const switching = todo.find((a) => a.kind === 'switch');
  const isChanged = (switching && toplevel) || todo.some((a) => a.repairs);
  if (isChanged) ctx.session.phase('switch');
  await repairAll(ctx, todo);
  const leaving = todo.filter((a) => a.kind === 'set-aside');
  const stopping = [...leaving, ...todo.filter((a) => a.network || a.kind === 'stop')];
  const rising = todo.filter((a) => bringsUp.has(a.kind));
  const targets = rising.map((a) => a.target);
  if (stopping.length > 0 && !isChanged) ctx.session.phase('guests', targets);
  for (const action of stopping) {
    checkpoint(ctx.signal);
    await stopVm(ctx, action.target);
  }
  if (switching && toplevel) {
    checkpoint(ctx.signal);
    await switchSystem(ctx, switching, toplevel, todo);
    await removeOldBridges(ctx);
  }
  if (rising.length > 0) ctx.session.phase('guests', targets);
  const guests = rising.map(
    (action): Guest => ({
      name: action.target,
      changes: builds.has(action.kind),
      bringUp: (own, onHealthy) => bringUpVm(own, action, runnerOf(own, action, built), onHealthy),
    }),
  );
  await bringUpAll(ctx, guests);
  for (const action of leaving) await setAside(ctx, action.target);
  checkpoint(ctx.signal);
  return {
    lines: [
      ...todo.filter((a) => a.kind !== 'checkout').map(describe),
      ...waits.map(({ target }) => `${target} waits for a restart`),
    ],
    ...partition(recorded(ctx, desired, built), new Set(waits.map((a) => a.target))),
    released: [...ctx.before.held.keys()].filter((name) =>
      desired.release.has(targetName(name, ctx.session.hypervisor.name)),
    ),
    held: [],
    ...(switching && toplevel && { boot: { toplevel, generation: 'new' } }),
  };
}

async function moveCheckout(ctx: Context, source: Source): Promise<void> {
  const { session } = ctx;
  let from = source.url;
  if (source.bundle) {
    const bundle = await source.bundle(ctx.before.checkout?.commit);
    checkpoint(ctx.signal);
    await receive(session.host, session.id, bundle, {
      timeoutMs: session.longMs,
      signal: ctx.signal,
    });
    checkpoint(ctx.signal);
    from = 'bundle';
  }
  const { checkout } = session.hypervisor;
  await session.step(steps.checkout(session.id, { ...source, checkout, from }));
}

/** Store paths by target. */
async function build(
  ctx: Context,
  actions: readonly Action[],
): Promise<ReadonlyMap<string, string>> {
  const { session } = ctx;
  const wanted = actions
    .filter((a) => builds.has(a.kind))
    .map(
      ({ kind, target }): Buildable => ({
        kind: kind === 'switch' ? 'hypervisor' : 'vm',
        name: target,
      }),
    );
  if (wanted.length === 0) return new Map();
  session.phase('build');
  try {
    const { checkout } = session.hypervisor;
    const { evalJobs } = ctx.index.fleet.rollout;
    const { paths, closures } = await session.step(
      steps.build(session.id, checkout, evalJobs, wanted),
    );
    for (const { target, line } of closures)
      session.note(target === session.hypervisor.name ? line : `${target}: ${line}`);
    const missing = wanted.find(({ name }) => !paths.has(name));
    if (missing)
      throw new FleetError('build.no-path', `the build of ${missing.name} gave no store path`);
    return paths;
  } catch (error) {
    throw blameBuild(error);
  }
}

/** After the build the store paths decide what is done: what already runs on its path is left alone. */
function isNeeded(ctx: Context, action: Action, built: ReadonlyMap<string, string>): boolean {
  const path = built.get(action.target);
  if (action.kind === 'switch') {
    const { currentSystem, systemProfile } = ctx.before;
    return action.networkd === true || path !== currentSystem || path !== systemProfile;
  }
  // A vm that changes its network was stopped before the switch.
  if (action.kind !== 'update' || action.network) return true;
  const seen = ctx.before.vms.get(action.target);
  const running = ctx.index.vms.get(action.target)?.state === 'running';
  return (
    seen?.current !== path ||
    (running ? seen?.booted !== path || seen?.unit.active !== 'active' : isBusy(seen))
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
    if (todo.includes(action)) {
      if (action.kind === 'update')
        ctx.session.note(`${action.target}: ${becomes(ctx, action, built)}`);
    } else if (!action.restart)
      ctx.session.note(`${action.target}: runner unchanged, not restarted`);
  }
}

/** What an update does to a guest, once the runner is built. */
function becomes(ctx: Context, { target }: Action, built: ReadonlyMap<string, string>): string {
  const seen = ctx.before.vms.get(target);
  const runs = seen?.unit.active === 'active';
  if (ctx.index.vms.get(target)?.state === 'stopped')
    return runs ? 'new runner, stopping' : 'new runner, stays stopped';
  if (!runs) return 'new runner, starting';
  // Somebody armed another runner, but never restarted the guest into it.
  if (seen.booted === built.get(target)) return 'current matches what runs again, not restarted';
  return 'new runner, restarting';
}

function switchSystem(
  ctx: Context,
  action: Action,
  toplevel: string,
  todo: readonly Action[],
): Promise<void> {
  const isTouched = (a: Action) => a.network || a.kind === 'stop' || a.kind === 'set-aside';
  return switchHypervisor(ctx, {
    toplevel,
    networks: ctx.index.networksOn(ctx.session.hypervisor.name),
    networkd: action.networkd ?? false,
    changing: new Set(todo.filter(isTouched).map((a) => a.target)),
  });
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

/** What runs now, and what waits for a restart. */
function partition(
  all: readonly Recorded[],
  waits: ReadonlySet<string>,
): Pick<Outcome, 'recorded' | 'waiting'> {
  const waiting = all.filter(({ name }) => waits.has(name));
  return {
    recorded: all.filter(({ name }) => !waits.has(name)),
    ...(waiting.length > 0 && { waiting }),
  };
}

function recorded(
  ctx: Context,
  { fingerprints, source }: Desired,
  built: ReadonlyMap<string, string>,
): Recorded[] {
  const { before, index } = ctx;
  return [...built].map(([target, path]) => {
    const vm = index.vms.get(target);
    return {
      name: vm ? target : systemName,
      fingerprint: fingerprints.get(target) ?? '-',
      path,
      before: vm ? before.vms.get(target)?.current : before.currentSystem,
      commit: source.commit,
      generation: 'new',
      expected: vm && formatExpected(expectedOf(vm, index.networks)),
    };
  });
}

/**
 * Removes bridges that are no longer declared: networkd never deletes a netdev whose file is gone, and a renamed bridge
 * would keep the subnet of its successor. The way back makes them again.
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
  if (old.length > 0) await session.step(steps.removeBridges(session.id, old));
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
    repair: `repaired (${action.why})`,
    'set-aside': 'set aside',
  };
  return `${action.target} ${words[action.kind]}`;
}
