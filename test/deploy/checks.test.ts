import { describe, expect, test } from 'vitest';
import { verifyHypervisor } from '../../src/deploy/verify.ts';
import type { Facts } from '../../src/model/facts.ts';
import type { Hypervisor } from '../../src/model/fleet.ts';
import type { VmFacts } from '../../src/model/guest-facts.ts';
import type { Interface } from '../../src/model/network-facts.ts';
import { checkHypervisor, checkVm, type VmTarget } from '../../src/plan/checks.ts';
import { deployedFacts, index, unit, withEntry } from '../plan/situation.ts';
import { World } from './run.ts';

const fleet = index();
const well: Facts = { ...deployedFacts(fleet, 'hv1'), answers: new Map([['10.1.0.2', true]]) };
const target: VmTarget = {
  name: 'web1',
  runner: '/nix/store/old-web1',
  state: 'running',
  expected: { tap: 'vm-web1', bridge: 'br-front', address: '10.1.0.2', further: [], volumes: [] },
  bridgeAddress: '10.1.0.1/24',
};
const failing = (change: Partial<Facts>, of: Partial<VmTarget> = {}) =>
  checkVm({ ...target, ...of }, { ...well, ...change })
    .filter((c) => !c.ok)
    .map((c) => `${c.check}: expected ${c.expected}, seen ${c.seen}`);
const vm = (change: Partial<VmFacts>) => ({
  vms: withEntry(well.vms, 'web1', change),
});
const link = (name: string, change: Partial<Interface> | undefined) => ({
  interfaces: withEntry(well.interfaces, name, change),
});

describe('a guest', () => {
  test('that is as it should be passes every check', () => {
    expect(checkVm(target, well).map((c) => c.check)).toEqual([
      'current',
      'booted',
      'microvm@',
      'virtiofsd',
      'tap',
      'bridge',
      'answers',
    ]);
    expect(failing({})).toEqual([]);
  });

  test.each<[string, Partial<Facts>, string[]]>([
    [
      'has another runner in current',
      vm({ current: '/nix/store/x' }),
      ['current: expected /nix/store/old-web1, seen /nix/store/x'],
    ],
    [
      'booted another runner',
      vm({ booted: '/nix/store/x' }),
      ['booted: expected /nix/store/old-web1, seen /nix/store/x'],
    ],
    [
      'waits to be restarted',
      vm({ unit: unit('activating', { sub: 'auto-restart' }) }),
      ['microvm@: expected active, seen activating (auto-restart)'],
    ],
    [
      'has no virtiofsd',
      vm({ virtiofsd: unit('failed', { sub: 'failed' }) }),
      ['virtiofsd: expected active, seen failed (failed)'],
    ],
    [
      'has its TAP in another bridge',
      link('vm-web1', { master: 'br-back' }),
      ['tap: expected vm-web1 up in br-front, seen vm-web1 up in br-back'],
    ],
    [
      'has its TAP down',
      link('vm-web1', { up: false }),
      ['tap: expected vm-web1 up in br-front, seen vm-web1 down in br-front'],
    ],
    [
      'has no TAP',
      link('vm-web1', undefined),
      ['tap: expected vm-web1 up in br-front, seen nothing'],
    ],
    [
      'has a bridge without address',
      link('br-front', { addresses: [] }),
      ['bridge: expected br-front up with 10.1.0.1/24, seen br-front up with no address'],
    ],
    [
      'has no bridge',
      link('br-front', undefined),
      ['bridge: expected br-front up with 10.1.0.1/24, seen no br-front'],
    ],
    [
      'does not answer',
      { answers: new Map([['10.1.0.2', false]]) },
      ['answers: expected ping, seen no answer'],
    ],
    ['was not asked', { answers: new Map() }, ['answers: expected ping, seen not asked']],
  ])('that %s fails that check alone', (_, change, expected) => {
    expect(failing(change)).toEqual(expected);
  });

  test('with a further NIC is looked at for both', () => {
    const further = [{ tap: 'vm-web1a2b3c', bridge: 'br-back', address: '10.2.0.9' }];
    const both = { expected: { ...target.expected, further } };
    expect(failing({}, both)).toEqual(['tap: expected vm-web1a2b3c up in br-back, seen nothing']);
    const up = { name: 'vm-web1a2b3c', up: true, master: 'br-back', addresses: [] };
    expect(failing(link('vm-web1a2b3c', up), both)).toEqual([]);
  });

  test('that has no shares needs no virtiofsd', () => {
    const expected = { ...target.expected, virtiofs: false } as const;
    expect(failing(vm({ virtiofsd: unit('inactive') }), { expected })).toEqual([]);
  });

  test('that should be stopped is looked at for that and its runner only', () => {
    expect(failing({}, { state: 'stopped' })).toEqual(['stopped: expected inactive, seen active']);
    const off = { unit: unit('inactive'), virtiofsd: unit('inactive'), booted: undefined };
    expect(failing(vm(off), { state: 'stopped' })).toEqual([]);
    // A helper that is up, or a start that is queued: it crashes, and is about to start again.
    const tries = ['stopped: expected inactive, seen about to start'];
    expect(failing(vm({ ...off, virtiofsd: unit('active') }), { state: 'stopped' })).toEqual(tries);
    expect(failing(vm({ ...off, lingers: true }), { state: 'stopped' })).toEqual(tries);
  });

  test('that is not there fails every check of a guest', () => {
    expect(failing({ vms: new Map() }).length).toBe(4);
  });
});

test('a hypervisor is looked at for its system and each of its bridges', () => {
  const seen = (facts: Facts) =>
    checkHypervisor('hv1', '/nix/store/old-system', fleet.networksOn('hv1'), facts).map(
      (c) => `${c.check} ${c.ok}`,
    );
  expect(seen(well)).toEqual([
    'current system true',
    'bridge br-back true',
    'bridge br-front true',
  ]);
  expect(
    seen({ ...well, currentSystem: '/nix/store/x', ...link('br-back', { up: false }) }),
  ).toEqual(['current system false', 'bridge br-back false', 'bridge br-front true']);
});

describe('verify', () => {
  const verify = async (world: World, targets: string[]) => {
    const hypervisor = world.index.hypervisors.get('hv1') as Hypervisor;
    const { index, hv1, clock } = world;
    return (await verifyHypervisor(index, hypervisor, hv1.connect(), clock, new Set(targets)))
      .checks;
  };

  test('looks twice, a settle time apart, at what is selected', async () => {
    const world = new World();
    const checks = await verify(world, ['web1']);
    expect(checks.every((c) => c.ok)).toBe(true);
    expect(new Set(checks.map((c) => c.target))).toEqual(new Set(['web1']));
    expect(world.clock.time).toBe(15_000);
  });

  test('sees a guest that is well at both looks but was restarted in between', async () => {
    const world = new World();
    const { sleep } = world.clock;
    world.clock.sleep = async (ms) => {
      world.hv1.boot('web1', '/nix/store/old-web1');
      return sleep.call(world.clock, ms);
    };
    expect((await verify(world, ['web1', 'hv1'])).filter((c) => !c.ok)).toMatchObject([
      { target: 'web1', check: 'settled', seen: 'restarted' },
    ]);
  });

  test('holds a guest to the runner that was deployed, not to the one it is on', async () => {
    const world = new World();
    world.hv1.boot('web1', '/nix/store/by-hand');
    expect((await verify(world, ['web1'])).filter((c) => !c.ok).map((c) => c.check)).toEqual([
      'current',
      'booted',
    ]);
  });
});
