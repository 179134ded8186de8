import { describe, expect, test } from 'vitest';
import { verifyHypervisor } from '../../src/deploy/verify.ts';
import type { Hypervisor } from '../../src/model/fleet.ts';
import { twoHypervisors } from '../plan/situation.ts';
import { World } from './run.ts';

describe('a confirmed deployment writes down as healthy', () => {
  const written = (world: World) =>
    world.hv1.deployments
      .get(world.id)
      ?.after.filter(([kind]) => kind === 'healthy')
      .map(([, ...row]) => row);

  test('the guests that it changed, on their new runners', async () => {
    const world = new World();
    await world.apply(['web1']);
    expect(written(world)).toEqual([['web1', '/nix/store/new-web1']]);
  });

  const careful = () => new World(twoHypervisors.replace('db1: { ', 'db1: { autostart: healthy, '));

  test('those that it left alone, too, where a start after a reboot depends on it', async () => {
    const world = careful();
    await world.apply(['web1']);
    expect(written(world)).toEqual([
      ['web1', '/nix/store/new-web1'],
      ['db1', '/nix/store/old-db1'],
    ]);
  });

  test('and of one that is not well that it is not, which fails nothing', async () => {
    const world = careful();
    world.hv1.mute.add('/nix/store/old-db1');
    const [result] = await world.apply(['web1']);
    expect(result?.outcome).toBe('done');
    expect(written(world)).toEqual([
      ['web1', '/nix/store/new-web1'],
      ['db1', '-'],
    ]);
  });

  test('also one whose first answer got lost', async () => {
    const world = careful();
    world.hv1.before = (name) => {
      if (name === 'health' && world.hv1.log.at(-1)?.startsWith('vm-update')) {
        // The look before the confirmation: db1 answers the second time.
        const isFirst = world.hv1.seen.filter((line) => line === 'connect').length === 2;
        if (isFirst && !world.hv1.mute.delete('/nix/store/old-db1'))
          world.hv1.mute.add('/nix/store/old-db1');
      }
    };
    await world.apply(['web1']);
    expect(written(world)).toContainEqual(['db1', '/nix/store/old-db1']);
  });

  test('and no guest that was stopped', async () => {
    const world = new World(twoHypervisors.replace('web1: { ', 'web1: { state: stopped, '));
    await world.apply(['web1']);
    expect(written(world)).toEqual([]);
  });
});

test('verify runs nothing on a hypervisor but what reads', async () => {
  const world = new World();
  world.hv1.mute.add('/nix/store/old-web1');
  const hypervisor = world.index.hypervisors.get('hv1') as Hypervisor;
  const targets = new Set(['hv1', 'db1', 'web1']);
  const host = world.hv1.connect();
  await verifyHypervisor(world.index, hypervisor, host, world.clock, targets);
  expect(world.hv1.log).toEqual([]);
});
