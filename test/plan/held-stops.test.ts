import { describe, expect, test } from 'vitest';
import type { Facts } from '../../src/model/facts.ts';
import { planHv1, unit, withEntry } from './situation.ts';

const stop = { operator: 'eve@desk', since: 1_759_990_000 };
const down =
  (isHeld: boolean) =>
  (facts: Facts): Partial<Facts> => ({
    stopped: new Map([['web1', { ...stop, isHeld }]]),
    vms: withEntry(facts.vms, 'web1', {
      booted: undefined,
      ...{ unit: unit('inactive'), virtiofsd: unit('inactive') },
    }),
  });

describe('a vm that somebody stopped', () => {
  test('is started by the next apply, and the plan says who stopped it', () => {
    const { actions, drift } = planHv1({ facts: down(false) });
    const why = 'stopped by eve@desk with fleet stop, 2025-10-09 06:06 UTC';
    expect(actions).toEqual([{ kind: 'start', target: 'web1', why }]);
    expect(drift).toEqual([
      { target: 'web1', code: 'stopped', message: `${why}; fleet apply starts it` },
    ]);
  });

  test('stays stopped while that is held', () => {
    const { actions, drift } = planHv1({ facts: down(true) });
    expect(actions).toEqual([]);
    expect(drift).toEqual([
      {
        target: 'web1',
        code: 'held',
        message:
          'stopped by eve@desk with fleet stop --hold, 2025-10-09 06:06 UTC; fleet apply leaves it so: fleet start web1',
      },
    ]);
  });

  test('is started when its stop is released', () => {
    const { actions } = planHv1({ facts: down(true), release: new Set(['web1']) });
    expect(actions).toMatchObject([{ kind: 'start', target: 'web1' }]);
  });

  test('and runs again all the same, would not after a reboot: who starts it says so', () => {
    const { actions, drift } = planHv1({
      facts: () => ({ stopped: new Map([['web1', { ...stop, isHeld: false }]]) }),
    });
    expect(actions).toEqual([]);
    expect(drift).toMatchObject([
      { code: 'running', message: expect.stringContaining('fleet start web1') },
    ]);
  });

  test('and held, but runs, is stopped', () => {
    const { actions, drift } = planHv1({
      facts: () => ({ stopped: new Map([['web1', { ...stop, isHeld: true }]]) }),
    });
    expect(actions).toMatchObject([{ kind: 'stop', target: 'web1' }]);
    expect(drift).toMatchObject([{ target: 'web1', code: 'running' }]);
  });
});
