import { describe, expect, test } from 'vitest';
import { verifyHypervisor } from '../../src/deploy/verify.ts';
import type { Hypervisor } from '../../src/model/fleet.ts';
import { emptyFacts, unit, withEntry } from '../plan/situation.ts';
import { World } from './run.ts';

const since = emptyFacts.now - 3 * 3600 - 12 * 60;

async function verify(world: World, targets: string[] = ['hv1', 'db1', 'web1']) {
  const { index, hv1, clock } = world;
  const hypervisor = index.hypervisors.get('hv1') as Hypervisor;
  const { checks, notes } = await verifyHypervisor(
    index,
    hypervisor,
    hv1.connect(),
    clock,
    new Set(targets),
  );
  const pending = checks.filter((c) => c.check === 'restart pending');
  return { pending, notes, ok: checks.every((c) => c.ok) };
}

describe('verify says of a restart that is pending', () => {
  test('that there is none, of everything that is selected', async () => {
    const { pending, ok } = await verify(new World());
    expect(pending.map((c) => c.target)).toEqual(['hv1', 'db1', 'web1']);
    expect(pending.every((c) => c.ok && c.seen === 'none')).toBe(true);
    expect(ok).toBe(true);
  });

  test('what a reboot would boot, and since when', async () => {
    const world = new World();
    world.hv1.vm('web1', { current: '/nix/store/by-hand', currentSince: since });
    const { pending } = await verify(world, ['web1']);
    expect(pending).toEqual([
      {
        target: 'web1',
        check: 'restart pending',
        ok: false,
        expected: 'none',
        seen: 'current differs from booted for 3 h 12 min: a reboot would boot it',
      },
    ]);
  });

  test('of one whose change is still to come, or is held, that it answers where it is', async () => {
    const world = new World();
    const { facts } = world.hv1;
    const web1 = facts.deployed.get('web1');
    if (!web1?.expected) throw new Error('web1 has no record');
    const before = { ...web1, expected: { ...web1.expected, address: '10.7.0.2' } };
    world.hv1.facts = { ...facts, deployed: withEntry(facts.deployed, 'web1', before) };
    expect((await verify(world, ['web1'])).ok).toBe(true);
    world.hv1.mute.add(web1.path);
    expect((await verify(world, ['web1'])).ok).toBe(false);
  });

  test('that a runner was collected fails, whoever the guest belongs to', async () => {
    const world = new World();
    world.hv1.facts = { ...world.hv1.facts, lost: new Map([['Web_1', ['current']]]) };
    expect((await verify(world)).ok).toBe(false);
    expect((await verify(world, ['web1'])).ok).toBe(true);
  });

  test('the same of the hypervisor', async () => {
    const world = new World();
    world.hv1.facts = { ...world.hv1.facts, systemProfile: '/nix/store/by-hand' };
    const { pending } = await verify(world, ['hv1']);
    expect(pending.find((c) => c.target === 'hv1')).toMatchObject({
      ok: false,
      seen: 'the system profile differs from the running system: a reboot would boot it',
    });
  });

  test('the same of an orphan, and of a kernel that waits, failing nothing', async () => {
    const world = new World();
    const pet = {
      name: 'pet',
      current: '/nix/store/new',
      booted: '/nix/store/old',
      currentSince: since,
      unit: unit(),
      virtiofsd: unit('inactive'),
    };
    world.hv1.facts = {
      ...world.hv1.facts,
      rebootFor: ['kernel'],
      vms: withEntry(world.hv1.facts.vms, 'pet', pet),
    };
    const { notes, ok } = await verify(world);
    expect(ok).toBe(true);
    expect(notes).toEqual([
      { target: 'hv1', text: 'kernel of the running system waits for a reboot' },
      {
        target: 'pet',
        text: 'current differs from booted for 3 h 12 min: a reboot would boot it (fleet.yaml does not have it here)',
      },
    ]);
    expect((await verify(world, ['web1'])).notes).toEqual([]);
  });
});
