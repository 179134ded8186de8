import { describe, expect, test } from 'vitest';
import { returning } from '../../src/deploy/rollback.ts';
import { rollOut } from '../../src/deploy/rollout.ts';
import {
  baseOf,
  type Generation,
  type Generations,
  noGenerations,
} from '../../src/host/answers/generations.ts';
import { formatExpected, parseExpected } from '../../src/model/expected.ts';
import { systemName } from '../../src/model/names.ts';
import type { HypervisorResult } from '../../src/model/result.ts';
import { index, twoHypervisors, unit, withEntry } from '../plan/situation.ts';
import { names, Overlapping, settle } from './overlapping.ts';
import { World, words } from './run.ts';

const generation = (name: string, number: number | undefined, path: string): Generation => ({
  name,
  number,
  path,
  since: 1,
  current: false,
});

/** How web1 was reached then. */
const reached = (bridge: string, address: string) =>
  formatExpected({ tap: 'vm-web1', bridge, address, further: [], volumes: [] });

async function rollBack(
  world: World,
  wanted: readonly (Generation & { readonly isSilent?: true })[],
  expected: Generations['expected'] = new Map(),
  systems: Generations['systems'] = new Map(),
): Promise<HypervisorResult> {
  const work = returning(
    new Map(
      wanted.map((g) => [g.name, { ...g, expected: parseExpected(expected.get(baseOf(g.path))) }]),
    ),
    { ...noGenerations, all: wanted, expected, systems },
    'ada@desk',
  );
  const { members, ...input } = world.input([]);
  const [result] = await rollOut({
    ...input,
    deployment: { id: world.id, operator: 'ada@desk', operation: 'rollback' },
    members: members.map((member) => ({
      ...member,
      vms: wanted.map((g) => g.name).filter((name) => name !== systemName),
    })),
    onFailure: 'revert-hypervisor',
    plan: async () => new Map([['hv1', work]]),
  });
  return result as HypervisorResult;
}

describe('rolling back', () => {
  test('a vm sets its runner, looks at it, records it and holds it: no git, no build', async () => {
    const world = new World();
    const result = await rollBack(world, [generation('web1', 3, '/nix/store/past-web1')]);
    expect(result).toMatchObject({
      outcome: 'done',
      lines: ['web1 is on generation 3; held until fleet apply --release web1'],
    });
    expect(words(world.hv1.log)).toEqual(['begin', 'vm-set web1', 'confirm', 'end done']);
    expect(world.hv1.log[0]).toContain(' rollback ');
    expect(world.hv1.deployments.get(world.id)?.targets).toEqual(['web1']);
    expect(world.hv1.facts.vms.get('web1')).toMatchObject({
      current: '/nix/store/past-web1',
      booted: '/nix/store/past-web1',
    });
    const { deployed, held } = world.hv1.facts;
    // The fingerprint of an old generation is not known: once released, the next apply builds.
    expect(deployed.get('web1')).toMatchObject({ fingerprint: '-', path: '/nix/store/past-web1' });
    expect(held.get('web1')).toMatchObject({
      from: '/nix/store/old-web1',
      to: '/nix/store/past-web1',
      operator: 'ada@desk',
    });
  });

  test('guests settle side by side after the first', async () => {
    const world = new Overlapping();
    const past = names.map((name) => generation(name, 3, `/nix/store/past-${name}`));
    const result = await world.virtual.during(rollBack(world, past));
    expect(result.outcome).toBe('done');
    expect(world.virtual.time).toBeGreaterThanOrEqual(2 * settle);
    expect(world.virtual.time).toBeLessThan(2 * settle + 10_000);
  });

  test('a hypervisor is as careful as a deployment', async () => {
    const world = new World();
    const result = await rollBack(world, [generation(systemName, 41, '/nix/store/past-system')]);
    expect(result.lines).toEqual(['hv1 is on generation 41; held until fleet apply --release hv1']);
    expect(words(world.hv1.log)).toEqual([
      'begin',
      'switch test',
      'switch boot',
      'confirm',
      'end done',
    ]);
    expect(world.hv1.log).toContain(`switch ${world.id} boot return`);
    expect(world.hv1.facts.held.has(systemName)).toBe(true);
  });

  test('to what fleet kept says so, for there is no number', async () => {
    const result = await rollBack(new World(), [
      generation('web1', undefined, '/nix/store/past-web1'),
    ]);
    expect(result.lines[0]).toMatch(/^web1 is on generation that fleet kept/);
  });

  test('is taken back when the old generation is not healthy either, and nothing is held', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/past-web1');
    const result = await rollBack(world, [
      generation('db1', 1, '/nix/store/past-db1'),
      generation('web1', 3, '/nix/store/past-web1'),
    ]);
    expect(result.outcome).toBe('rolled-back');
    expect(words(world.hv1.log)).toEqual([
      'begin',
      'vm-set db1',
      'vm-set web1',
      'back now',
      'end rolled-back',
    ]);
    expect(world.hv1.facts.vms.get('db1')?.booted).toBe('/nix/store/old-db1');
    expect(world.hv1.facts.held.size).toBe(0);
  });

  test('a vm that had another network then needs its hypervisor to come along', async () => {
    const then = new Map([['past-web1', reached('br-old', '10.7.0.2')]]);
    const world = new World();
    const alone = await rollBack(world, [generation('web1', 3, '/nix/store/past-web1')], then);
    expect(alone).toMatchObject({ outcome: 'untouched', failure: { code: 'rollback.network' } });
    expect(alone.failure?.hint).toBe(
      'Roll it back together with its hypervisor: fleet rollback web1 hv1',
    );
    expect(world.hv1.facts.vms.get('web1')?.current).toBe('/nix/store/old-web1');
  });

  test('together with its hypervisor, it is stopped before the switch', async () => {
    const then = new Map([['past-web1', reached('br-back', '10.2.0.9')]]);
    const world = new World();
    await rollBack(
      world,
      [
        generation('web1', 3, '/nix/store/past-web1'),
        generation(systemName, 41, '/nix/store/past-system'),
      ],
      then,
    );
    expect(words(world.hv1.log).slice(0, 3)).toEqual(['begin', 'vm-stop web1', 'switch test']);
  });

  test('a hypervisor is not asked for networks that its system of then did not have', async () => {
    const world = new World();
    const { interfaces } = world.hv1.facts;
    world.hv1.instead.set('switch', (args) => {
      if (args[2] !== 'test') return undefined;
      world.hv1.facts = {
        ...world.hv1.facts,
        currentSystem: args[1],
        interfaces: withEntry(interfaces, 'br-back', undefined),
      };
      return 'switched\t0\n';
    });
    world.hv1.vm('db1', { unit: unit('inactive') });
    const result = await rollBack(world, [generation(systemName, 41, '/nix/store/past-system')]);
    expect(result.outcome).toBe('done');
  });

  test('a vm whose address then nothing says is not asked for an answer', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/past-web1');
    const silent = await rollBack(world, [
      { ...generation('web1', 3, '/nix/store/past-web1'), isSilent: true },
    ]);
    expect(silent.outcome).toBe('done');
  });

  test('a hypervisor takes away the bridges that only the system of today had', async () => {
    const world = new World();
    const wiring = (...bridges: string[]) => ({ wires: [], bridges, declares: [] });
    await rollBack(
      world,
      [generation(systemName, 41, '/nix/store/past-system')],
      new Map(),
      new Map([
        ['past-system', wiring('br-front')],
        [baseOf(world.hv1.facts.currentSystem ?? ''), wiring('br-front', 'br-back', 'br-never')],
      ]),
    );
    expect(world.hv1.log.slice(1, 3)).toEqual([
      'switch ID test -'.replace('ID', world.id),
      `bridges ${world.id} br-back`,
    ]);
  });

  /** To a system that has `old`, which is not fleet's, in its microvm.vms: its switch starts it anew. */
  const declaring = (world: World, becomes: string) => {
    world.hv1.vm('old', {
      name: 'old',
      declarative: false,
      unit: unit('active'),
      virtiofsd: unit('inactive'),
    });
    world.hv1.instead.set('switch', ([, toplevel, mode]) => {
      if (mode !== 'test') return undefined;
      world.hv1.facts = { ...world.hv1.facts, currentSystem: toplevel };
      world.hv1.vm('old', { unit: unit(becomes, { invocation: 'another' }) });
      return 'switched\t0\n';
    });
    const wiring = { wires: [], bridges: [], declares: ['old'] };
    const to = [generation(systemName, 41, '/nix/store/past-system')];
    return rollBack(world, to, new Map(), new Map([['past-system', wiring]]));
  };

  test('a hypervisor may start guests anew that its system of then declares', async () => {
    const world = new World();
    expect((await declaring(world, 'active')).outcome).toBe('done');
    expect(world.clock.time).toBeGreaterThanOrEqual(15_000);
  });

  test('a hypervisor is taken back when such a guest does not come up', async () => {
    expect(await declaring(new World(), 'failed')).toMatchObject({
      outcome: 'rolled-back',
      failure: {
        code: 'verify.not-healthy',
        detail: 'old was running before and is not running now',
      },
    });
  });

  test('a vm that should be stopped stays stopped', async () => {
    const world = new World();
    world.index = index(twoHypervisors.replace('web1: { on', 'web1: { state: stopped, on'));
    await rollBack(world, [generation('web1', 3, '/nix/store/past-web1')]);
    expect(world.hv1.log.slice(1, 3)).toEqual(['vm-stop web1 30', 'vm-set web1 30 stay']);
  });
});
