import { describe, expect, test } from 'vitest';
import { recall, takeUp } from '../../src/deploy/resume.ts';
import type { RolloutInput } from '../../src/deploy/rollout.ts';
import type { StateBefore, VmBefore } from '../../src/host/answers/state-before.ts';
import { build } from '../../src/host/hypervisor/steps.ts';
import { FleetError } from '../../src/model/errors.ts';
import { deployedFacts, index, twoHypervisors, unit, withEntry } from '../plan/situation.ts';
import { World, words } from './run.ts';

/** hv1 in mid-deployment: db1 is on its new runner, web1 is not, and there is no fleet any more. */
async function cutOff(yaml?: string): Promise<World> {
  const world = new World(yaml);
  const gone = new Error('killed');
  world.hv1.before = (name, [vm]) => {
    if (name === 'vm-update' && vm === 'web1') throw gone;
  };
  world.hv1.instead.set('back', () => 'cut');
  world.hv1.instead.set('end', () => 'cut');
  await world.apply(['hv1', 'db1', 'web1']);
  world.hv1.before = () => {};
  world.hv1.instead.clear();
  expect(world.hv1.facts.lock?.id).toBe(world.id);
  expect(world.hv1.facts.vms.get('db1')?.booted).toBe('/nix/store/new-db1');
  return world;
}

/** Another fleet, on the same hypervisors, with the same fleet.yaml. */
function again(world: World): { input: RolloutInput; former: Map<string, StateBefore> } {
  const former = new Map<string, StateBefore>();
  const input: RolloutInput = {
    ...world.input(['hv1', 'db1', 'web1']),
    enter: async (sessions) => {
      for (const [name, then] of await takeUp(sessions, 'eve@laptop')) former.set(name, then);
    },
    recall: (session, now) => {
      const then = former.get(session.hypervisor.name) as StateBefore;
      return { before: recall(then, now), targets: then.targets };
    },
  };
  return { input, former };
}

describe('a deployment that lost its fleet', () => {
  test('is taken up and finished: what was there already is looked at, and recorded', async () => {
    const world = await cutOff();
    const { input } = again(world);
    const before = world.hv1.log.length;
    const [result] = await world.apply([], [], input);
    expect(result).toMatchObject({
      outcome: 'done',
      lines: ['hv1 switched', 'db1 updated', 'web1 updated'],
    });
    const log = words(world.hv1.log.slice(before));
    expect(log[0]).toBe('resume');
    expect(log).not.toContain('begin');
    expect(log.slice(-3)).toEqual(['switch boot', 'confirm', 'end done']);
    const { deployed, systemProfile, lock } = world.hv1.facts;
    expect(deployed.get('db1')?.path).toBe('/nix/store/new-db1');
    expect(deployed.get('web1')?.path).toBe('/nix/store/new-web1');
    expect(systemProfile).toBe('/nix/store/new-hv1');
    expect(lock).toBeUndefined();
  });

  test('goes on counting its steps where they ended', async () => {
    const world = await cutOff();
    const last = world.hv1.deployments.get(world.id)?.lastStep ?? 0;
    expect(last).toBeGreaterThan(2);
    const session = world.session('hv1');
    await takeUp([session], 'eve@laptop');
    await session.step(build(world.id, '/repo', 'auto', []));
    expect(world.hv1.deployments.get(world.id)?.lastStep).toBe(last + 1);
  });

  test('goes back to what was there before it began when it fails now', async () => {
    const world = await cutOff();
    world.hv1.mute.add('/nix/store/new-web1');
    const [result] = await world.apply([], [], again(world).input);
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      failure: { code: 'verify.not-healthy' },
      lines: ['hv1 is on its previous system', 'db1 runs as before', 'web1 runs as before'],
    });
    expect(world.hv1.facts.vms.get('db1')?.booted).toBe('/nix/store/old-db1');
    expect(world.hv1.facts.currentSystem).toBe('/nix/store/old-system');
  });

  test('holds a guest to what it was before it began, not to what it was when it was taken up', async () => {
    const world = await cutOff();
    const seen = world.hv1.facts.vms.get('db1');
    // Its new runner crashes again and again.
    world.hv1.vm('db1', { unit: unit('active', { ...seen?.unit, activeFor: 1 }) });
    world.hv1.mute.add('/nix/store/new-web1');
    // And the one of before does not come up again.
    world.hv1.before = (name) => {
      if (name === 'health' && world.hv1.deployments.get(world.id)?.decided === 'back')
        world.hv1.vm('db1', { unit: unit('inactive') });
    };
    const [result] = await world.apply([], [], again(world).input);
    expect(result?.outcome).toBe('rollback-failed');
    expect(result?.lines.join('\n')).toMatch(/^db1 (is not|was running)/m);
  });

  test('is refused when the hypervisor went back meanwhile', async () => {
    const world = await cutOff();
    const { input } = again(world);
    world.hv1.lapse();
    await expect(world.apply([], [], input)).rejects.toMatchObject({ code: 'back.taken' });
  });

  test('is left to its hypervisors when it cannot go on: it is not called untouched', async () => {
    const world = await cutOff();
    const { input } = again(world);
    const plan = async () => {
      throw new FleetError('plan.stale', 'hv1 is not as it was when it was planned');
    };
    await expect(world.apply([], [], { ...input, plan })).rejects.toMatchObject({
      code: 'plan.stale',
    });
    expect(words(world.hv1.log).at(-1)).toBe('resume');
    expect(world.hv1.facts.lock?.id).toBe(world.id);
    world.hv1.lapse();
    expect(world.hv1.facts.vms.get('db1')?.booted).toBe('/nix/store/old-db1');
    expect(world.hv1.facts.lock).toBeUndefined();
  });
});

describe('what is recalled', () => {
  const fleet = index(twoHypervisors);
  const now = deployedFacts(fleet, 'hv1');
  const former: StateBefore = {
    lastStep: 0,
    system: '/nix/store/then-system',
    profile: '/nix/store/then-profile',
    commit: 'c'.repeat(40),
    vms: new Map([
      ['db1', { current: '/nix/store/then-db1', booted: '/nix/store/then-db1', isActive: true }],
      ['old1', { current: '/nix/store/then-old1', booted: undefined, isActive: false }],
    ]),
    targets: ['db1'],
    ports: new Map(),
    failedUnits: ['x.service'],
  };

  test('is the generations of before, on a hypervisor that else is as it is now', () => {
    const facts = recall(former, { ...now, failedUnits: ['y.service'] });
    expect(facts).toMatchObject({
      currentSystem: '/nix/store/then-system',
      systemProfile: '/nix/store/then-profile',
      checkout: { commit: 'c'.repeat(40) },
      failedUnits: ['x.service'],
      interfaces: now.interfaces,
      deployed: now.deployed,
    });
    expect(facts.vms.get('db1')).toMatchObject({
      current: '/nix/store/then-db1',
      booted: '/nix/store/then-db1',
      unit: { active: 'active' },
    });
  });

  test('has what was there then and is not now, and not what is new', () => {
    const facts = recall(former, now);
    expect([...facts.vms.keys()]).toEqual(['db1', 'old1']);
    expect(facts.vms.get('old1')).toMatchObject({
      current: '/nix/store/then-old1',
      booted: undefined,
      unit: { active: 'inactive', invocation: '' },
    });
  });

  test('keeps the life that a guest has now, and says that it ran or not as it did then', () => {
    const vms = withEntry(now.vms, 'db1', { unit: unit('inactive', { invocation: 'i7' }) });
    expect(recall(former, { ...now, vms }).vms.get('db1')?.unit).toMatchObject({
      active: 'active',
      invocation: 'i7',
    });
  });

  test('is for how long a guest had been up then, and which bridge its TAP was in', () => {
    const [tap] = [...now.interfaces.values()].filter(({ master }) => master !== undefined);
    const name = tap?.name ?? '';
    const vms = withEntry(now.vms, 'db1', { unit: unit('active', { activeFor: 1 }) });
    const interfaces = withEntry(now.interfaces, name, { master: undefined });
    const [[, db1] = [], ...rest] = former.vms;
    const then = (activeFor?: number): StateBefore => ({
      ...former,
      vms: new Map([['db1', { ...db1, ...(activeFor && { activeFor }) } as VmBefore], ...rest]),
      ports: new Map([
        [name, tap?.master ?? ''],
        ['vm-gone', 'br-gone'],
      ]),
    });
    const facts = recall(then(3600), { ...now, vms, interfaces });
    expect(facts.vms.get('db1')?.unit.activeFor).toBe(3600);
    expect(facts.interfaces.get(name)).toEqual(tap);
    expect(facts.interfaces.get('vm-gone')?.master).toBe('br-gone');
    // An older fleet wrote down none.
    const old = recall(then(), { ...now, vms, interfaces });
    expect(old.vms.get('db1')?.unit).not.toHaveProperty('activeFor');
  });

  test('of a checkout that was not there is none', () => {
    const { commit: _, ...none } = former;
    expect(recall({ ...none, commit: undefined }, now).checkout).toBeUndefined();
  });
});
