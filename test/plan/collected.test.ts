import { describe, expect, test } from 'vitest';
import { systemName } from '../../src/host/facts.ts';
import { planHv1, short, twoHypervisors } from './situation.ts';

const gone = (...names: string[]) => ({ facts: () => ({ gone: new Set(names) }) });
const unrooted = (...names: string[]) => ({ facts: () => ({ unrooted: new Set(names) }) });
const held = new Map(
  ['web1', systemName].map((name) => [name, { from: 'b', to: 'a', operator: 'ada', since: 1 }]),
);

describe('a deployed generation that was collected', () => {
  test('is told, and built again though nothing changed', () => {
    const plan = planHv1(gone('web1', systemName));
    expect(plan.drift.map((d) => `${d.target}: ${d.message}`)).toEqual([
      'hv1: the deployed system is not in the store any more (collected): a reboot may fail; apply builds it again',
      'web1: the deployed generation is not in the store any more (collected): a restart would fail; apply builds it again',
    ]);
    expect(plan.actions).toEqual([
      { kind: 'switch', target: 'hv1', why: 'what was deployed was collected' },
      { kind: 'update', target: 'web1', why: 'what was deployed was collected' },
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

test('one without a root is told, and rooted again by building it', () => {
  const plan = planHv1(unrooted('web1', systemName));
  expect(plan.drift.map((d) => `${d.target} ${d.code}: ${d.message}`)).toEqual([
    'hv1 unrooted: the deployed system has no root, so it may be collected any time; apply roots it again',
    'web1 unrooted: the deployed generation has no root, so it may be collected any time; apply roots it again',
  ]);
  expect(short(plan.actions)).toEqual(['switch hv1', 'update web1']);
});
