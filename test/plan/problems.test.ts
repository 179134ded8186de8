import { describe, expect, test } from 'vitest';
import { FleetError } from '../../src/model/errors.ts';
import type { Facts } from '../../src/model/facts.ts';
import { systemName } from '../../src/model/names.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { select } from '../../src/plan/selectors.ts';
import {
  changed,
  deployedFacts,
  head,
  index,
  planHv1,
  sameFingerprints,
  withEntry,
} from './situation.ts';

describe('what stands in the way', () => {
  test.each([
    [true, 'web1 is in microvm.vms of hv1: take it out there, and apply that first'],
    [
      false,
      'web1 is in microvm.vms of the system that runs on hv1: apply without it first (it keeps running), then hand it over',
    ],
  ])('a vm of microvm.vms, fleet having deployed the system: %s', (ours, problem) => {
    const { problems } = planHv1({
      fingerprints: changed('web1'),
      facts: (f) => ({
        vms: withEntry(f.vms, 'web1', { declarative: true }),
        ...(!ours && { deployed: withEntry(f.deployed, systemName, undefined) }),
      }),
    });
    expect(problems).toContain(problem);
  });

  test('another architecture than fleet.yaml says', () => {
    const { problems } = planHv1({
      fingerprints: changed('web1'),
      facts: () => ({ machine: 'aarch64' }),
    });
    expect(problems).toEqual(['is aarch64, fleet.yaml says system: x86_64-linux']);
  });

  test('tools that are not there, by name', () => {
    const { problems } = planHv1({
      fingerprints: changed('web1'),
      facts: () => ({ missingTools: ['git', 'microvm'] }),
    });
    expect(problems).toEqual([
      'git is not on its PATH: environment.systemPackages = [ pkgs.git ];',
      'microvm is not on its PATH: its system has it: is /run/current-system/sw/bin on the PATH of commands over ssh?',
    ]);
  });

  test('but not microvm.nix, which comes with the first switch', () => {
    const { problems } = planHv1({
      fingerprints: changed('hv1', 'web1'),
      facts: () => ({ missingTools: ['microvm'] }),
    });
    expect(problems).toEqual([]);
  });

  test('nothing, where nothing is to be done', () => {
    expect(
      planHv1({ facts: () => ({ machine: 'aarch64', missingTools: ['git'] }) }).problems,
    ).toEqual([]);
  });
});

describe('a subnet that would take traffic away', () => {
  const switching = { fingerprints: changed('hv1') };
  const routes = (destination: string, device: string, connected = true) => ({
    ...switching,
    facts: () => ({ routes: [{ destination, device, connected }] }),
  });

  test('is refused when it holds our own address', () => {
    const plan = planHv1({ ...switching, facts: () => ({ clientAddress: '10.1.0.50' }) });
    expect(plan.problems).toEqual([
      'network front (10.1.0.0/24) contains your own address 10.1.0.50',
    ]);
  });

  test.each([
    ['that is the same', '10.1.0.0/24'],
    ['that it is a part of', '10.1.0.0/16'],
  ])('is refused when there is a route %s', (_, destination) => {
    const plan = planHv1(routes(destination, 'eth0'));
    expect(plan.problems).toEqual([
      `network front (10.1.0.0/24) shadows the route ${destination} on eth0`,
    ]);
  });

  test.each([
    ['the default route', 'default', 'eth0'],
    ['the route of its own bridge', '10.1.0.0/24', 'br-front'],
    ['a longer one without a guest of ours in it', '10.1.0.128/25', 'eth0'],
    ['one to another address in it', '10.1.0.77', 'eth0'],
    ['a route elsewhere', '192.168.0.0/16', 'eth0'],
  ])('is not refused for %s', (_, destination, device) => {
    expect(planHv1(routes(destination, device)).problems).toEqual([]);
  });

  test('is refused for a longer route that takes what is sent to a guest', () => {
    expect(planHv1(routes('10.1.0.2', 'eth0')).problems).toEqual([
      'network front (10.1.0.0/24): the route 10.1.0.2 on eth0 diverts what is sent to web1',
    ]);
  });

  describe('in IPv6', () => {
    const yaml = `version: 1
name: six
hypervisors:
  hv1: { ssh: root@hv1, system: x86_64-linux, stateVersion: "25.11", uplink: eth0 }
networks:
  front: { subnet: 10.1.0.0/24, subnet6: 2001:db8:1::/64 }
vms:
  web1: { on: hv1, network: front, address: 10.1.0.2 }
`;
    const plan = (facts: Partial<Facts>) => planHv1({ ...switching, yaml, facts: () => facts });
    const route = (destination: string, device: string, connected: boolean) =>
      plan({ routes: [{ destination, device, connected }] }).problems;

    test('is refused when it holds our own address', () => {
      expect(plan({ clientAddress: '2001:db8:1::50' }).problems).toEqual([
        'network front (2001:db8:1::/64) contains your own address 2001:db8:1::50',
      ]);
      expect(plan({ clientAddress: '2001:db8:2::50' }).problems).toEqual([]);
    });

    test('is refused when the uplink has it already', () => {
      expect(route('2001:db8:1::/64', 'eth0', true)).toEqual([
        'network front (2001:db8:1::/64) shadows the route 2001:db8:1::/64 on eth0',
      ]);
    });

    test('is not refused for a longer route, which wins, nor for its part of the uplink’s', () => {
      expect(route('2001:db8:1::99', 'eth0', true)).toEqual([]);
      expect(route('2001:db8:1:0:8000::/80', 'eth0', true)).toEqual([]);
      expect(route('2001:db8::/32', 'eth0', true)).toEqual([]);
    });

    test('is refused for a part of the uplink’s that the hypervisor itself lives in', () => {
      const interfaces = new Map([
        ['eth0', { name: 'eth0', up: true, master: undefined, addresses: ['2001:db8:1::9/32'] }],
      ]);
      const routes = [{ destination: '2001:db8::/32', device: 'eth0', connected: true }];
      expect(plan({ routes, interfaces }).problems).toHaveLength(1);
    });

    test('may be routed here, and may be what its bridge has', () => {
      expect(route('2001:db8::/48', 'eth0', false)).toEqual([]);
      expect(route('2001:db8:1::/64', 'br-front', true)).toEqual([]);
      expect(route('default', 'eth0', false)).toEqual([]);
    });
  });

  test('may be carved out of a wider range that is behind a router', () => {
    expect(planHv1(routes('10.0.0.0/8', 'tailscale0', false)).problems).toEqual([]);
  });

  test('is not looked at when the hypervisor does not switch', () => {
    const plan = planHv1({
      fingerprints: changed('web1'),
      facts: () => ({ clientAddress: '10.1.0.50' }),
    });
    expect(plan.problems).toEqual([]);
  });
});

describe('a hypervisor that cannot be reached', () => {
  test('is shown with the reason and what to do about it, and the rest is planned', () => {
    const fleet = index();
    const plan = makePlan({
      index: fleet,
      files: [],
      head,
      fingerprints: sameFingerprints(fleet).set('web2', 'other'),
      facts: new Map<string, never>([
        [
          'hv1',
          new FleetError('ssh.unknown-host-key', 'hv1: unknown host key', {
            hint: 'accept it: …',
          }) as never,
        ],
        ['hv2', deployedFacts(fleet, 'hv2') as never],
      ]),
      selection: select(fleet.fleet, undefined),
      release: new Set(),
      warnings: [],
    });
    expect(plan.hypervisors[0]).toMatchObject({
      name: 'hv1',
      unreachable: 'hv1: unknown host key\naccept it: …',
      unreachableCode: 'ssh.unknown-host-key',
      actions: [],
    });
    expect(plan.hypervisors[1]?.actions).toMatchObject([{ kind: 'update', target: 'web2' }]);
  });

  test('is not in a plan that does not select it', () => {
    const fleet = index();
    const plan = makePlan({
      index: fleet,
      files: [],
      head,
      fingerprints: undefined,
      facts: new Map(),
      selection: select(fleet.fleet, 'hv2'),
      release: new Set(),
      warnings: [],
    });
    expect(plan.hypervisors.map((h) => h.name)).toEqual(['hv2']);
  });
});
