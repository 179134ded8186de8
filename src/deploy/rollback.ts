import { systemName } from '../host/facts.ts';
import type { Generation, Generations } from '../host/generations.ts';
import { FleetError } from '../model/errors.ts';
import { parseExpected, sameWiring } from '../model/expected.ts';
import { awaitHealthy } from './await-healthy.ts';
import { type Context, formerTarget, stopSeconds } from './context.ts';
import { checkpoint } from './interrupt.ts';
import { type HypervisorResult, orPutBack } from './put-back.ts';
import type { Deployment } from './rollout.ts';
import { armWayBack, switchHypervisor } from './switch.ts';
import { putFormerStateBack, stopVm } from './vm-steps.ts';

/** Which generation each target of one hypervisor returns to. */
export type Returns = ReadonlyMap<string, Generation>;

/**
 * Returns vms, and the hypervisor itself, to generations that are already built: no git, no build,
 * no evaluation. Verified like a deployment, and taken back when the old generation is not healthy.
 */
export function rollBackHypervisor(
  ctx: Context,
  returns: Returns,
  generations: Generations,
  deployment: Deployment,
): Promise<HypervisorResult> {
  return orPutBack(ctx, () => carryOut(ctx, returns, generations, deployment));
}

async function carryOut(
  ctx: Context,
  returns: Returns,
  generations: Generations,
  deployment: Deployment,
): Promise<string[]> {
  const { session, before } = ctx;
  const expectedAt = (g: Generation) =>
    parseExpected(generations.expected.get(g.path.split('/').at(-1) ?? ''));
  const system = returns.get(systemName);
  const vms = [...returns].filter(([name]) => name !== systemName);
  const moved = vms.filter(([name, g]) => {
    const then = expectedAt(g);
    const now = before.deployed.get(name)?.expected;
    return then && now && !sameWiring(then, now);
  });
  if (moved.length > 0 && !system) {
    const names = moved.map(([name]) => name).join(', ');
    throw new FleetError(
      'rollback.network',
      `${names} had another network then, which the hypervisor's system of today does not have`,
      {
        hint: `Roll it back together with its hypervisor: fleet rollback ${names} ${session.hypervisor.name}`,
      },
    );
  }
  const beginSwitch = system && (await armWayBack(ctx, moved.length));
  for (const [name] of moved) await stopVm(ctx, name);
  beginSwitch?.();
  if (system) await returnSystem(ctx, system, new Set(moved.map(([name]) => name)));
  for (const [name, generation] of vms) {
    checkpoint(ctx.signal);
    await returnVm(ctx, name, generation, expectedAt(generation));
  }
  await recordReturns(ctx, returns, generations, deployment);
  return [...returns].map(([name, g]) => {
    const title = name === systemName ? session.hypervisor.name : name;
    return `${title} is on generation ${g.number ?? 'that fleet kept'}; held back until fleet apply --release ${title}`;
  });
}

async function returnSystem(
  ctx: Context,
  generation: Generation,
  changing: ReadonlySet<string>,
): Promise<void> {
  const { session, clock, emit, before, index } = ctx;
  const { confirm } = index.fleet.rollout;
  const target = {
    toplevel: generation.path,
    networks: [],
    networkd: false,
    generation: 'return',
    changing,
  } as const;
  await switchHypervisor(session, clock, emit, target, before, confirm);
}

async function returnVm(
  ctx: Context,
  name: string,
  generation: Generation,
  then: ReturnType<typeof parseExpected>,
): Promise<void> {
  const { session, index } = ctx;
  const former = formerTarget(ctx, name);
  const wanted = index.vms.get(name)?.state ?? 'running';
  const state = wanted === 'stopped' ? 'stay' : 'run';
  if (!ctx.touched.has(name)) {
    ctx.touched.add(name);
    ctx.undos.push({
      title: `${name} is on the runner it was on`,
      run: () => putFormerStateBack(ctx, name),
    });
  }
  if (wanted === 'stopped' && ctx.before.vms.get(name)?.unit.active === 'active')
    await stopVm(ctx, name);
  await session.step(
    `return ${name} to ${generation.number ?? 'what was kept'}`,
    'vm-set',
    [name, generation.path, stopSeconds(ctx), state],
    {
      limit: 'guest',
    },
  );
  const expected = then ?? former?.expected;
  if (!expected) return;
  const target = { name, runner: generation.path, state: wanted, expected } as const;
  const checks = await awaitHealthy(
    session,
    ctx.clock,
    target,
    [],
    index.fleet.rollout,
    ctx.signal,
  );
  ctx.emit({ type: 'checked', hypervisor: session.hypervisor.name, target: name, checks });
}

async function recordReturns(
  ctx: Context,
  returns: Returns,
  generations: Generations,
  deployment: Deployment,
): Promise<void> {
  const { session, before, index } = ctx;
  const rows: string[] = [];
  const held: string[] = [];
  for (const [name, { path }] of returns) {
    const from =
      (name === systemName ? before.currentSystem : before.vms.get(name)?.current) ?? '-';
    const expected = generations.expected.get(path.split('/').at(-1) ?? '') ?? '-';
    // The fingerprint of an old generation is not known: once released, the next apply builds.
    rows.push(name, '-', path, from, expected);
    held.push(name, from, path);
  }
  await session.step('record generations', 'record', [
    session.id,
    index.fleet.name,
    '-',
    'return',
    ...rows,
  ]);
  await session.call('hold', [deployment.operator, ...held]);
}
