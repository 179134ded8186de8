import { describe, expect, test } from 'vitest';
import { unit } from '../plan/situation.ts';
import { names, Overlapping, settle, yaml } from './overlapping.ts';

describe('guests that change one after another', () => {
  test('settle side by side, after the first has settled alone', async () => {
    const world = new Overlapping();
    const begun = new Map<string, number>();
    world.hv1.before = async (script, [name = '']) => {
      if (script === 'vm-update') begun.set(name, world.virtual.time);
    };
    const [result] = await world.applied();
    expect(result?.outcome).toBe('done');
    const [first = 0, second = 0, , last = 0] = begun.values();
    expect(second - first).toBeGreaterThanOrEqual(settle);
    expect(last - second).toBeLessThan(settle);
    expect(world.virtual.time).toBeLessThan(2 * settle + 10_000);
  });

  test('are looked at together', async () => {
    const world = new Overlapping();
    await world.applied();
    // About one a second, however many settle.
    expect(world.looks).toBeLessThan((world.virtual.time / 1000) * 3);
  });

  test('begin with the first that runs: one that is stopped shows nothing', async () => {
    const world = new Overlapping(yaml.replace('address: 10.1.0.2', '$&, state: stopped'));
    const begun: number[] = [];
    world.hv1.before = async (script) => {
      if (script === 'vm-update') begun.push(world.virtual.time);
    };
    const [result] = await world.applied();
    expect(result?.outcome).toBe('done');
    const [, first = 0, second = 0, last = 0] = begun;
    expect(second - first).toBeGreaterThanOrEqual(settle);
    expect(last - second).toBeLessThan(settle);
  });

  test('begin with the first that changes: one that only starts again tells nothing of the change', async () => {
    const world = new Overlapping();
    world.hv1.vm('web1', { unit: unit('inactive') });
    const begun: number[] = [];
    world.hv1.before = async (script) => {
      if (script === 'vm-update') begun.push(world.virtual.time);
    };
    const [result] = await world.applied(['web2', 'web3', 'web4']);
    expect(result?.outcome).toBe('done');
    const [first = 0, second = 0, last = 0] = begun;
    expect(second - first).toBeGreaterThanOrEqual(settle);
    expect(last - second).toBeLessThan(settle);
  });

  test('stop when one of them falls while it settles, and all go back', async () => {
    const world = new Overlapping();
    // It keeps the fourth from beginning.
    world.hv1.mute.add('/nix/store/new-web3');
    world.hv1.before = async (script) => {
      if (script !== 'health' || world.updated.length !== 3) return;
      world.hv1.vm('web2', { unit: unit('active', { invocation: 'again' }) });
    };
    const [result] = await world.applied();
    expect(result).toMatchObject({ outcome: 'rolled-back' });
    expect(result?.failure?.message).toBe('web2 died and was restarted by systemd');
    expect(world.updated).not.toContain('vm-update web4');
    for (const name of names)
      expect(world.hv1.facts.vms.get(name)?.booted).toBe(`/nix/store/old-${name}`);
  });
});
