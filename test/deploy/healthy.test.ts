import { describe, expect, test } from 'vitest';
import { verifyHypervisor } from '../../src/deploy/verify.ts';
import type { Hypervisor } from '../../src/model/fleet.ts';
import { twoHypervisors, unit } from '../plan/situation.ts';
import { Refusal } from './fake-hypervisor.ts';
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

  test('but none that is not well, which fails nothing', async () => {
    const world = careful();
    world.hv1.mute.add('/nix/store/old-db1');
    const [result] = await world.apply(['web1']);
    expect(result?.outcome).toBe('done');
    expect(written(world)).toEqual([['web1', '/nix/store/new-web1']]);
  });

  test('and no guest that was stopped', async () => {
    const world = new World(twoHypervisors.replace('web1: { ', 'web1: { state: stopped, '));
    await world.apply(['web1']);
    expect(written(world)).toEqual([]);
  });
});

describe('verify writes down', () => {
  const verify = async (world: World) => {
    let rows: readonly string[] | undefined;
    const { instead } = world.hv1;
    if (!instead.has('looked')) {
      instead.set('looked', (args) => {
        rows = args;
        return undefined;
      });
    }
    const hypervisor = world.index.hypervisors.get('hv1') as Hypervisor;
    const targets = new Set(['hv1', 'db1', 'web1']);
    const host = world.hv1.connect();
    const { notes } = await verifyHypervisor(world.index, hypervisor, host, world.clock, targets);
    return { rows, notes };
  };

  test('each guest that passed everything, with its runner, and that another did not', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/old-web1');
    const { rows } = await verify(world);
    expect(rows).toEqual(['db1', '/nix/store/old-db1', 'web1', '-']);
  });

  test('that a guest which stopped between the two looks is not well', async () => {
    const world = new World();
    world.clock.sleep = async () => world.hv1.vm('db1', { unit: unit('failed') });
    expect((await verify(world)).rows?.slice(0, 2)).toEqual(['db1', '-']);
  });

  test('or says that it could not', async () => {
    const world = new World();
    world.hv1.instead.set('looked', () => new Refusal('remote.failed', 'no space left'));
    expect((await verify(world)).notes).toEqual([
      {
        target: 'hv1',
        text: 'how its guests look could not be written down there: no space left',
      },
    ]);
  });
});
