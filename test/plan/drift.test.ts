import { describe, expect, test } from 'vitest';
import type { Facts } from '../../src/model/facts.ts';
import { timestamp } from '../../src/model/time.ts';
import {
  deployedFacts,
  index,
  openDeployment,
  planHv1,
  twoHypervisors,
  unit,
  wholePlan,
  withEntry,
} from './situation.ts';

const seen = (facts: (f: Facts) => Partial<Facts>) =>
  planHv1({ facts }).drift.map(({ target, code, message }) => `${target} ${code}: ${message}`);

describe('drift', () => {
  test.each<[string, (f: Facts) => Partial<Facts>, string[]]>([
    [
      'a last deployment that was rolled back',
      () => ({ ended: { id: 'd7', result: 'rolled-back' } }),
      ['hv1 rolled-back: the last deployment ended rolled back: fleet history d7'],
    ],
    [
      'of a deployment before the one that is under way',
      () => ({
        ended: { id: 'd7', result: 'rolled-back' },
        open: [openDeployment('d8', { atWork: false })],
      }),
      [
        'hv1 open-deployment: deployment d8 has not ended: it is no longer running',
        'hv1 rolled-back: the deployment before this one ended rolled back: fleet history d7',
      ],
    ],
    [
      'a roll-back that was cut off can only be put back',
      () => ({ lock: openDeployment('d8', { operation: 'rollback' }) }),
      [
        'hv1 lock: locked by ada@desk: rollback d8, since 2025-10-09 08:53 UTC; without fleet it rolls itself back in 90 s; if the fleet process behind it is gone: put back what it changed (fleet apply --resume d8 --undo); apply will refuse',
      ],
    ],
    ['no deployment that was done', () => ({ ended: { id: 'd7', result: 'done' } }), []],
    [
      'a checkout changed by hand',
      (f) => ({ checkout: { commit: f.checkout?.commit, branch: 'fleet', dirty: 1 } }),
      ['hv1 dirty: 1 file in the checkout changed by hand'],
    ],
    [
      'a reboot that is needed',
      () => ({ rebootFor: ['kernel', 'initrd'] }),
      ['hv1 reboot: kernel, initrd of the running system wait for a reboot'],
    ],
    [
      'a bridge without its address',
      (f) => ({ interfaces: withEntry(f.interfaces, 'br-back', { addresses: ['10.2.0.9/24'] }) }),
      ['hv1 address: br-back has no 10.2.0.1/24'],
    ],
    [
      'a TAP in another bridge',
      (f) => ({ interfaces: withEntry(f.interfaces, 'vm-web1', { master: 'br-back' }) }),
      ['web1 tap: vm-web1 is in br-back, not in br-front'],
    ],
    [
      'a TAP that is gone',
      (f) => ({ interfaces: withEntry(f.interfaces, 'vm-web1', undefined) }),
      ['web1 tap: vm-web1 is missing'],
    ],
    [
      'a vm that stopped, whose TAP is gone with it',
      (f) => ({
        vms: withEntry(f.vms, 'web1', {
          booted: undefined,
          unit: unit('failed', { sub: 'failed' }),
        }),
        interfaces: withEntry(f.interfaces, 'vm-web1', undefined),
      }),
      ['web1 stopped: microvm@web1 is failed (failed); its log: (fleet logs web1)'],
    ],
    [
      'a deployment that never ended',
      () => ({
        open: [openDeployment('d1', { atWork: false }), openDeployment('d2')],
        lock: openDeployment('d2'),
      }),
      [
        'hv1 lock: locked by ada@desk: apply d2, since 2025-10-09 08:53 UTC; without fleet it rolls itself back in 90 s; if the fleet process behind it is gone: finish it (fleet apply --resume d2) or roll it back (fleet apply --resume d2 --undo); apply will refuse',
        'hv1 open-deployment: deployment d1 has not ended: it is no longer running',
      ],
    ],
    [
      'a deployment that died, which apply puts in order',
      () => ({ lock: openDeployment('d2', { atWork: false, left: -5 }) }),
      [
        'hv1 lock: locked by ada@desk: apply d2, since 2025-10-09 08:53 UTC; it is no longer running; apply will clean it up',
      ],
    ],
    [
      'a deployment that is decided',
      () => ({
        open: [
          openDeployment('d1', { decided: 'back' }),
          openDeployment('d2', { decided: 'confirmed' }),
        ],
      }),
      [
        'hv1 open-deployment: deployment d1 has not ended: it is being rolled back',
        'hv1 open-deployment: deployment d2 has not ended: it is confirmed and about to end',
      ],
    ],
  ])('is %s', (_, facts, expected) => {
    expect(seen(facts)).toEqual(expected);
  });

  test('is, on a host that fleet never deployed, that nothing recovers there at boot yet', () => {
    expect(seen(() => ({ deployed: new Map(), vms: new Map(), interfaces: new Map() }))).toEqual([
      'hv1 no-recovery: first deployment: should the power fail before it is confirmed, run fleet unlock; later ones recover at boot',
    ]);
  });

  describe('of a vm with several NICs', () => {
    const yaml = twoHypervisors
      .replace('10.2.0.0/24 }', '10.2.0.0/24, subnet6: "fd00:2::/64" }')
      .replace(
        'network: front, address: 10.1.0.2',
        'networks: [{ name: front, address: 10.1.0.2 }, { name: back, address: 10.2.0.9 }]',
      );
    const deployed = deployedFacts(index(yaml), 'hv1');
    const further = [...deployed.interfaces.keys()].find((name) => /^vm-web1./.test(name))!;
    const messages = (interfaces: Facts['interfaces']) =>
      planHv1({ yaml, facts: () => ({ ...deployed, interfaces }) }).drift.map((d) => d.message);

    test('is none when all are in their bridges', () => {
      expect(messages(deployed.interfaces)).toEqual([]);
    });

    test('is said of each of them', () => {
      expect(messages(withEntry(deployed.interfaces, further, { master: 'br-front' }))).toEqual([
        `${further} is in br-front, not in br-back`,
      ]);
      expect(messages(withEntry(deployed.interfaces, further, undefined))).toEqual([
        `${further} is missing`,
      ]);
    });

    test('is an IPv6 gateway that is gone, and not one that is new', () => {
      const without = withEntry(deployed.interfaces, 'br-back', { addresses: ['10.2.0.1/24'] });
      expect(messages(without)).toEqual(['br-back has no fd00:2::1/64']);
      expect(planHv1({ yaml }).drift).toEqual([]);
    });
  });

  test('keeps the plan readable when a record on the hypervisor has no time', () => {
    expect(timestamp(Number.NaN)).toBe('an unknown time');
  });
});

test('a first switch says which guests its roll-back would restart', () => {
  const told = (ours: boolean) =>
    planHv1({
      facts: (f) => ({
        vms: withEntry(f.vms, 'old', { name: 'old', declarative: true, unit: unit('active') }),
        ...(!ours && { deployed: new Map() }),
      }),
    })
      .drift.filter((d) => d.code === 'declared')
      .map((d) => d.message);
  expect(told(false)).toEqual([
    'old is in microvm.vms of the running system: this switch restarts none of them, but rolling it back would',
  ]);
  expect(told(true)).toEqual([]);
});

test('a folder whose name fleet cannot have is told with the others that are not of the fleet', () => {
  const { drift } = planHv1({ facts: () => ({ otherVms: ['Web_1'] }) });
  expect(drift).toContainEqual({
    target: 'Web_1',
    code: 'orphan',
    message: '/var/lib/microvms/Web_1 belongs to no vm of the fleet; fleet leaves it alone',
  });
});

test('what differs may be no drift while somebody deploys, or where the remote is not known', () => {
  const lock = (atWork: boolean) => ({ facts: () => ({ lock: openDeployment('d2', { atWork }) }) });
  const codes = (plan: ReturnType<typeof wholePlan>) => plan.unsure?.map(({ code }) => code);
  expect(codes(wholePlan(lock(true)))).toEqual(['locked']);
  expect(codes(wholePlan({ ...lock(true), remote: 'origin does not answer' }))).toEqual([
    'remote',
    'locked',
  ]);
  expect(codes(wholePlan(lock(false)))).toBeUndefined();
});
