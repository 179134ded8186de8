import { describe, expect, test } from 'vitest';
import type { Facts } from '../../src/model/facts.ts';
import { systemName } from '../../src/model/names.ts';
import type { HypervisorPlan } from '../../src/plan/plan.ts';
import { planHv1, short, twoHypervisors, unit, withEntry } from './situation.ts';

const gone = (...names: string[]) => ({ facts: () => ({ gone: new Set(names) }) });
const unrooted = (...names: string[]) => ({ facts: () => ({ unrooted: new Set(names) }) });
const held = new Map(
  ['web1', systemName].map((name) => [name, { from: 'b', to: 'a', operator: 'ada', since: 1 }]),
);

describe('a deployed generation that was collected', () => {
  test('is told, and built again though nothing changed', () => {
    const plan = planHv1(gone('web1', systemName));
    expect(plan.drift.map((d) => `${d.target}: ${d.message}`)).toEqual([
      'hv1: the deployed system was garbage-collected: a reboot may fail; apply builds it again',
      'web1: the deployed generation was garbage-collected: a restart would fail; apply builds it again',
    ]);
    expect(plan.actions).toEqual([
      { kind: 'switch', target: 'hv1', why: 'what was deployed was collected' },
      { kind: 'update', target: 'web1', why: 'what was deployed was collected', restarts: 'no' },
    ]);
  });

  test('is only told of what is held back: no commit here builds it', () => {
    const plan = planHv1({ facts: () => ({ gone: new Set(['web1', systemName]), held }) });
    expect(plan.actions).toEqual([]);
    expect(plan.drift[1]?.message).toMatch(
      /fleet apply --release web1 builds what fleet.yaml says$/,
    );
  });

  test('is not told of a vm that leaves the fleet', () => {
    const yaml = twoHypervisors.replace(/^ {2}db1: .*\n/m, '').replace('dependsOn: [db1], ', '');
    const plan = planHv1({ yaml, ...gone('db1') });
    expect(short(plan.actions)).toEqual(['set-aside db1']);
    expect(plan.drift).toEqual([]);
  });
});

describe("the runner of a guest that is not fleet's", () => {
  const stray = (active: string, ...links: string[]) => ({
    facts: (f: Facts) => ({
      lost: new Map([['old', links]]),
      vms: withEntry(f.vms, 'old', { name: 'old', declarative: false, unit: unit(active) }),
    }),
  });
  const told = (plan: HypervisorPlan) =>
    plan.drift.filter((d) => d.code === 'collected').map((d) => `${d.target}: ${d.message}`);

  test('is told when it was collected, for the guest never starts again', () => {
    expect(told(planHv1(stray('active', 'current', 'booted')))).toEqual([
      'old: its runner (/var/lib/microvms/old/current) was garbage-collected: a restart would fail; build it again from its own configuration',
    ]);
  });

  test('is told when only the one that it runs on was collected, and of none that is merely stale', () => {
    expect(told(planHv1(stray('active', 'booted')))).toEqual([
      'old: the runner it runs on was garbage-collected: it must be restarted',
    ]);
    expect(told(planHv1(stray('inactive', 'booted')))).toEqual([]);
  });
});

test('one without a root is told, and rooted again by building it', () => {
  const plan = planHv1(unrooted('web1', systemName));
  expect(plan.drift.map((d) => `${d.target} ${d.code}: ${d.message}`)).toEqual([
    'hv1 unrooted: the deployed system has no root, so it may be collected any time; apply roots it again',
    'web1 unrooted: the deployed generation has no root, so it may be collected any time; apply roots it again',
  ]);
  expect(short(plan.actions)).toEqual(['switch hv1', 'update web1']);
});
