import { describe, expect, test } from 'vitest';
import type { Facts } from '../../src/model/facts.ts';
import { changed, planHv1, twoHypervisors, unit, withEntry } from './situation.ts';

const next = { path: '/nix/store/next-web1', commit: 'b'.repeat(40), since: 1_750_000_000 };
/** What was built for web1, by the fingerprint it was built of. */
const waits = (fingerprint: string) => (facts: Facts) => ({
  waiting: new Map([
    ['web1', { ...next, fingerprint, expected: facts.deployed.get('web1')?.expected }],
  ]),
});
const fingerprints = changed('web1');
const wanted = fingerprints.get('web1') as string;
const restartsNone = true;

describe('apply --restart never', () => {
  test('builds for a guest that runs, and leaves it running', () => {
    const { actions } = planHv1({ fingerprints, restartsNone });
    expect(actions).toMatchObject([
      {
        ...{ kind: 'update', target: 'web1', waits: true, restarts: 'no' },
        why: 'its configuration changed; it waits for a restart',
      },
    ]);
  });

  test('does not build again what waits already', () => {
    const { actions, drift } = planHv1({ fingerprints, restartsNone, facts: waits(wanted) });
    expect(actions).toEqual([]);
    expect(drift).toMatchObject([
      { target: 'web1', code: 'waiting', message: expect.stringContaining('fleet restart web1') },
    ]);
  });

  test('brings up a guest that does not run on what is new', () => {
    const facts = (f: Facts) => ({ vms: withEntry(f.vms, 'web1', { unit: unit('inactive') }) });
    const [action] = planHv1({ fingerprints, restartsNone, facts }).actions;
    expect(action).toMatchObject({ kind: 'update', target: 'web1' });
    expect(action?.waits).toBeUndefined();
  });

  test('restarts no guest whose current is another, and refuses a change of network', () => {
    const armed = (f: Facts) => ({ vms: withEntry(f.vms, 'web1', { booted: '/nix/store/old' }) });
    expect(planHv1({ restartsNone, facts: armed }).actions).toEqual([]);
    const yaml = twoHypervisors.replace(
      'network: front, address: 10.1.0.2',
      'network: back, address: 10.2.0.9',
    );
    const moved = planHv1({ yaml, fingerprints: changed('hv1', 'web1'), restartsNone });
    expect(moved.problems).toEqual([
      'web1 changes its network, which takes a restart: leave out --restart never',
    ]);
  });
});

test('the next apply takes what waits, or drops it when fleet.yaml wants what runs', () => {
  const taken = planHv1({ fingerprints, facts: waits(wanted) });
  expect(taken.actions).toMatchObject([
    { kind: 'update', target: 'web1', why: 'built already, waits for a restart' },
  ]);
  const dropped = planHv1({ facts: waits(wanted) });
  expect(dropped.actions).toMatchObject([{ kind: 'update', target: 'web1', restarts: 'no' }]);
});
