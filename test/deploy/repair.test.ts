import { describe, expect, test } from 'vitest';
import { withEntry } from '../plan/situation.ts';
import { World } from './run.ts';

describe('apply repairs', () => {
  test('a bridge, a table and a name service, and touches no guest', async () => {
    const world = new World();
    const { facts } = world.hv1;
    const before = [...facts.vms.values()].map((vm) => vm.unit.invocation);
    world.hv1.facts = {
      ...facts,
      interfaces: withEntry(facts.interfaces, 'br-front', { up: false }),
      plumbing: { ...facts.plumbing, table: 'missing', dnsmasq: 'failed' },
    };
    const [result] = await world.apply([]);
    expect(result?.outcome).toBe('done');
    expect(world.hv1.log.filter((line) => line.startsWith('repair'))).toEqual([
      'repair link br-front',
      'repair unit nftables.service',
      'repair unit dnsmasq.service',
    ]);
    expect(world.hv1.log.some((line) => /^(switch|vm-)/.test(line))).toBe(false);
    expect([...world.hv1.facts.vms.values()].map((vm) => vm.unit.invocation)).toEqual(before);
  });

  test('nothing that does not come back: it fails, and nothing else was changed', async () => {
    const world = new World();
    world.hv1.facts = {
      ...world.hv1.facts,
      plumbing: { ...world.hv1.facts.plumbing, dnsmasq: 'failed' },
    };
    world.hv1.instead.set('repair', () => '');
    const [result] = await world.apply([]);
    expect(result).toMatchObject({ outcome: 'untouched' });
    expect(result?.failure?.detail).toContain('dnsmasq: expected active, seen failed');
  });

  test('and names guests that do not answer then', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/old-web1');
    world.hv1.facts = {
      ...world.hv1.facts,
      interfaces: withEntry(world.hv1.facts.interfaces, 'br-front', { up: false }),
    };
    await world.apply([]);
    expect(world.events).toContainEqual({
      type: 'note',
      hypervisor: 'hv1',
      text: 'repaired; still no answer from 10.1.0.2',
    });
  });
});
