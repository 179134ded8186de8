import { describe, expect, test } from 'vitest';
import { systemName } from '../../src/model/names.ts';
import {
  changed,
  emptyFacts,
  planHv1,
  short,
  twoHypervisors,
  unit,
  withEntry,
} from './situation.ts';

const without = (name: string) =>
  twoHypervisors.replace(new RegExp(`^  ${name}: .*\n`, 'm'), '').replace('dependsOn: [db1], ', '');
const stopped = twoHypervisors.replace('web1: { on', 'web1: { state: stopped, on');

describe('a vm', () => {
  test('that is as it was deployed is left alone', () => {
    expect(planHv1()).toEqual({ name: 'hv1', actions: [], drift: [], problems: [] });
  });

  test('that gets a further NIC stops for its hypervisor to switch first', () => {
    const yaml = twoHypervisors.replace(
      'network: front, address: 10.1.0.2',
      'networks: [{ name: front, address: 10.1.0.2 }, { name: back, address: 10.2.0.9 }]',
    );
    const { actions } = planHv1({ yaml, fingerprints: changed('hv1', 'web1') });
    expect(actions).toMatchObject([
      { kind: 'switch', target: 'hv1' },
      { kind: 'update', target: 'web1', why: 'its network changed', network: true },
    ]);
  });

  test('that is not there is created', () => {
    const plan = planHv1({ facts: (f) => ({ vms: withEntry(f.vms, 'web1', undefined) }) });
    expect(plan.actions).toMatchObject([{ kind: 'create', target: 'web1', why: 'new' }]);
  });

  test('whose state was set aside gets the youngest state back', () => {
    const folders = ['/var/lib/fleet/aside/1/web1', '/var/lib/fleet/aside/2/web1'];
    const plan = planHv1({
      facts: (f) => ({
        vms: withEntry(f.vms, 'web1', undefined),
        aside: new Map([['web1', folders]]),
      }),
    });
    expect(plan.actions).toEqual([
      { kind: 'return', target: 'web1', why: 'with the state in /var/lib/fleet/aside/2/web1' },
    ]);
  });

  test('is rebuilt when a file that it sees changed', () => {
    expect(short(planHv1({ fingerprints: changed('web1') }).actions)).toEqual(['update web1']);
  });

  test('is rebuilt when somebody moved its current', () => {
    const plan = planHv1({
      facts: (f) => ({ vms: withEntry(f.vms, 'web1', { current: '/nix/store/by-hand' }) }),
    });
    expect(short(plan.actions)).toEqual(['update web1']);
    expect(plan.drift.map((d) => d.code)).toEqual(['runner', 'restart-pending']);
  });

  test('is rebuilt when it booted another runner than its current', () => {
    const plan = planHv1({
      facts: (f) => ({ vms: withEntry(f.vms, 'web1', { booted: '/nix/store/older' }) }),
    });
    expect(plan.actions).toMatchObject([
      { kind: 'restart', target: 'web1', why: 'current differs from booted' },
    ]);
  });

  test('that fleet never deployed is adopted by an update', () => {
    const plan = planHv1({
      facts: (f) => ({ deployed: withEntry(f.deployed, 'web1', undefined) }),
    });
    expect(plan.actions).toMatchObject([
      { kind: 'update', target: 'web1', why: 'not deployed by fleet yet' },
    ]);
  });

  test('that stopped by itself is started, and what systemd says is the reason', () => {
    const plan = planHv1({
      facts: (f) => ({ vms: withEntry(f.vms, 'web1', { unit: unit('failed') }) }),
    });
    expect(plan.actions).toEqual([
      { kind: 'start', target: 'web1', why: 'microvm@web1 is failed' },
    ]);
    expect(plan.drift).toMatchObject([{ target: 'web1', code: 'stopped' }]);
  });

  test('that should be stopped is stopped when it runs, or waits to be started, and left alone when not', () => {
    expect(short(planHv1({ yaml: stopped }).actions)).toEqual(['stop web1']);
    const off = { unit: unit('inactive'), virtiofsd: unit('inactive'), booted: undefined };
    const stands = planHv1({
      yaml: stopped,
      facts: (f) => ({ vms: withEntry(f.vms, 'web1', off) }),
    });
    expect(stands.actions).toEqual([]);
    const crashing = planHv1({
      yaml: stopped,
      facts: (f) => ({ vms: withEntry(f.vms, 'web1', { ...off, lingers: true }) }),
    });
    expect(short(crashing.actions)).toEqual(['stop web1']);
  });

  test('of which a TAP left its bridge is joined to it, not restarted', () => {
    const plan = planHv1({
      facts: (f) => ({ interfaces: withEntry(f.interfaces, 'vm-web1', { master: undefined }) }),
    });
    expect(plan.actions).toEqual([
      { kind: 'join', target: 'web1', why: 'vm-web1 is in no bridge, not in br-front' },
    ]);
  });

  test('that changes its bridge says so, to be stopped before the switch', () => {
    const yaml = twoHypervisors.replace(
      'network: front, address: 10.1.0.2',
      'network: back, address: 10.2.0.9',
    );
    const plan = planHv1({ yaml, fingerprints: changed('web1', 'hv1') });
    expect(plan.actions).toContainEqual({
      kind: 'update',
      target: 'web1',
      why: 'its network changed',
      network: true,
      restarts: 'certainly',
    });
  });

  test('that only changes its address keeps its TAP and bridge', () => {
    const yaml = twoHypervisors.replace('10.1.0.2', '10.1.0.9');
    const plan = planHv1({ yaml, fingerprints: changed('web1') });
    expect(plan.actions.filter((a) => a.network)).toEqual([]);
  });
});

describe('order', () => {
  test('is checkout, what leaves, switch, then vms after what they depend on', () => {
    const plan = planHv1({
      yaml: twoHypervisors.replace('db1: {', 'db2: {').replace('[db1]', '[db2]'),
      fingerprints: changed('hv1', 'web1', 'db2'),
      files: [{ path: 'fleet.yaml', kind: 'change', diff: '' }],
    });
    expect(short(plan.actions)).toEqual([
      'checkout hv1',
      'set-aside db1',
      'switch hv1',
      'create db2',
      'update web1',
    ]);
  });
});

describe('held back', () => {
  const held = {
    from: '/nix/store/bad',
    to: '/nix/store/good',
    operator: 'ada@desk',
    since: 1_760_000_000,
  };
  const facts = (name: string) => () => ({ held: new Map([[name, held]]) });

  test('a vm stays on what it was rolled back to, and the plan says who did it', () => {
    const plan = planHv1({ fingerprints: changed('web1'), facts: facts('web1') });
    expect(plan.actions).toEqual([]);
    expect(plan.drift[0]?.message).toBe(
      'held by ada@desk since 2025-10-09 08:53 UTC; its changes in fleet.yaml wait for fleet apply --release web1',
    );
  });

  test('a vm that is released is updated again', () => {
    const plan = planHv1({
      fingerprints: changed('web1'),
      facts: facts('web1'),
      release: new Set(['web1']),
    });
    expect(short(plan.actions)).toEqual(['update web1']);
  });

  test('a hypervisor gets no address that is only in fleet.yaml', () => {
    const { actions, drift } = planHv1({
      facts: (f) => ({
        ...facts(systemName)(),
        interfaces: withEntry(f.interfaces, 'br-back', { addresses: ['10.9.0.1/24'] }),
      }),
    });
    expect(actions).toEqual([]);
    expect(drift.map(({ code }) => code)).not.toContain('address');
  });

  test('a hypervisor does not switch until it is released', () => {
    const change = { fingerprints: changed('hv1'), facts: facts(systemName) };
    expect(planHv1(change).actions).toEqual([]);
    expect(planHv1(change).drift[0]?.target).toBe('hv1');
    expect(short(planHv1({ ...change, release: new Set(['hv1']) }).actions)).toEqual([
      'switch hv1',
    ]);
  });
});

describe('taken out of fleet.yaml', () => {
  test('a vm that fleet deployed is set aside, and its state is said to be kept', () => {
    const plan = planHv1({ yaml: without('db1') });
    expect(plan.actions).toEqual([
      { kind: 'set-aside', target: 'db1', why: 'not in fleet.yaml any more; its state is kept' },
    ]);
  });

  test('a vm that fleet did not deploy is an orphan and is left alone', () => {
    const plan = planHv1({
      facts: (f) => ({
        vms: withEntry(f.vms, 'pet', { name: 'pet', unit: unit() }),
        interfaces: withEntry(f.interfaces, 'vm-pet', { name: 'vm-pet', up: true, addresses: [] }),
      }),
    });
    expect(plan.actions).toEqual([]);
    expect(plan.drift.map((d) => `${d.code} ${d.target}`)).toEqual(['orphan pet', 'orphan vm-pet']);
  });

  test('a vm that moves says that its volumes stay', () => {
    const yaml = twoHypervisors.replace(
      'web1: { on: hv1, network: front, address: 10.1.0.2, dependsOn: [db1],',
      'web1: { on: hv2, network: other, address: 10.3.0.9,',
    );
    expect(planHv1({ yaml }).actions).toEqual([
      { kind: 'set-aside', target: 'web1', why: 'moves to hv2; its volumes stay here' },
    ]);
  });
});

describe('the hypervisor switches', () => {
  test('when fleet has not deployed it yet', () => {
    const plan = planHv1({ facts: () => ({ ...emptyFacts }) });
    expect(short(plan.actions)).toEqual([
      'checkout hv1',
      'switch hv1',
      'create db1',
      'create web1',
    ]);
    expect(plan.actions.map((a) => a.why)).toEqual([
      'there is none yet',
      'not deployed by fleet yet',
      'new',
      'new',
    ]);
  });

  test.each([
    ['its configuration changed', { fingerprints: changed('hv1') }],
    [
      'the running system is not the deployed one',
      { facts: () => ({ currentSystem: '/nix/store/x', systemProfile: '/nix/store/x' }) },
    ],
    [
      'the system profile differs from the running system: a reboot would boot it',
      { facts: () => ({ systemProfile: '/nix/store/x' }) },
    ],
  ])('because %s', (why, change) => {
    expect(planHv1(change).actions).toEqual([{ kind: 'switch', target: 'hv1', why }]);
  });

  test('and restarts networkd when a bridge that it had is gone', () => {
    const plan = planHv1({
      facts: (f) => ({ interfaces: withEntry(f.interfaces, 'br-front', undefined) }),
    });
    expect(plan.actions[0]).toEqual({
      kind: 'switch',
      target: 'hv1',
      why: 'bridge br-front is missing',
      networkd: true,
    });
  });

  test('without restarting networkd for a network that is only new', () => {
    const yaml =
      twoHypervisors.replace('networks:\n', 'networks:\n  side: { subnet: 10.9.0.0/24 }\n') +
      '  new1: { on: hv1, network: side, address: 10.9.0.2 }\n';
    const plan = planHv1({ yaml, fingerprints: changed('hv1', 'new1') });
    expect(plan.drift).toEqual([]);
    expect(plan.actions).toEqual([
      { kind: 'switch', target: 'hv1', why: 'its configuration changed' },
      { kind: 'create', target: 'new1', why: 'new' },
    ]);
  });
});

describe('the checkout moves', () => {
  test.each([
    [
      'there is a new commit',
      { files: [{ path: 'fleet.yaml', kind: 'change' as const, diff: '' }] },
    ],
    [
      'it is at bbbbbbbb',
      { facts: () => ({ checkout: { commit: 'b'.repeat(40), branch: 'fleet', dirty: 0 } }) },
    ],
    [
      'it was changed by hand (kept in git stash)',
      {
        facts: (f: { checkout: unknown }) => ({
          checkout: { ...(f.checkout as object), dirty: 2 } as never,
        }),
      },
    ],
  ])('because %s, and nothing that runs changes', (why, change) => {
    expect(planHv1(change).actions).toEqual([{ kind: 'checkout', target: 'hv1', why }]);
  });
});

describe('--on a vm', () => {
  test('leaves the hypervisor and other vms out', () => {
    const plan = planHv1({ on: 'web1', fingerprints: changed('hv1', 'web1', 'db1') });
    expect(short(plan.actions)).toEqual(['update web1']);
  });

  test('brings the switch when its TAP is new there', () => {
    const plan = planHv1({
      on: 'web1',
      fingerprints: changed('hv1', 'web1'),
      facts: (f) => ({ vms: withEntry(f.vms, 'web1', undefined) }),
    });
    expect(short(plan.actions)).toEqual(['switch hv1', 'create web1']);
  });

  test('sets nothing aside', () => {
    expect(planHv1({ on: 'web1', yaml: without('db1') }).actions).toEqual([]);
  });
});
