import { describe, expect, test } from 'vitest';
import type { Facts } from '../../src/model/facts.ts';
import type { Action, HypervisorPlan } from '../../src/plan/plan.ts';
import { isSameWork } from '../../src/plan/same-work.ts';
import { changed, planHv1, short, unit, withEntry } from './situation.ts';

const planned = planHv1({ fingerprints: changed('db1', 'web1') });
const withActions = (actions: readonly Action[]): HypervisorPlan => ({ ...planned, actions });
const action = (kind: Action['kind'], target = 'web1'): Action => ({ kind, target, why: 'x' });

describe('two plans ask for the same work', () => {
  test('when nothing changed in between', () => {
    expect(isSameWork(planHv1({ fingerprints: changed('db1', 'web1') }), planned)).toBe(true);
  });

  test('whatever reasons and drift they tell', () => {
    const now = planHv1({
      fingerprints: changed('db1', 'web1'),
      facts: () => ({ rebootFor: ['kernel'], now: 1_760_009_999 }),
    });
    expect(now.drift).not.toEqual(planned.drift);
    expect(isSameWork(now, planned)).toBe(true);
  });

  test.each(['checkout', 'start', 'restart', 'join'] as const)(
    'though there is a %s that came about by itself',
    (kind) => {
      expect(isSameWork(withActions([...planned.actions, action(kind, 'web3')]), planned)).toBe(
        true,
      );
    },
  );

  test('though a guest died in between', () => {
    const one = { fingerprints: changed('web1') };
    const died = (f: Facts) => ({ vms: withEntry(f.vms, 'db1', { unit: unit('failed') }) });
    const now = planHv1({ ...one, facts: died });
    expect(short(now.actions)).toEqual(['start db1', 'update web1']);
    expect(isSameWork(now, planHv1(one))).toBe(true);
  });
});

describe('they do not', () => {
  test.each<[string, readonly Action[]]>([
    ['there is more to do', [...planned.actions, action('update', 'web3')]],
    ['there is less to do', planned.actions.slice(0, -1)],
    [
      'it is another kind of work',
      planned.actions.map((a) => (a.kind === 'update' ? action('create') : a)),
    ],
    [
      'it is about another vm',
      planned.actions.map((a) => (a.kind === 'update' ? action('update', 'db1') : a)),
    ],
    [
      'a vm is now to change its network',
      planned.actions.map((a) => (a.kind === 'update' ? { ...a, network: true as const } : a)),
    ],
    ['the order is another one', planned.actions.toReversed()],
  ])('when %s', (_, actions) => {
    expect(isSameWork(withActions(actions), planned)).toBe(false);
  });

  test('when somebody removed a vm by hand', () => {
    const facts = (f: Facts) => ({ vms: withEntry(f.vms, 'web1', undefined) });
    const now = planHv1({ fingerprints: changed('db1', 'web1'), facts });
    expect(isSameWork(now, planned)).toBe(false);
  });
});
