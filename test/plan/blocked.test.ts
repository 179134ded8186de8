import { expect, test } from 'vitest';
import { type HypervisorPlan, isBlocked, type Plan } from '../../src/plan/plan.ts';

const hypervisor = (more: Partial<HypervisorPlan> = {}): HypervisorPlan => ({
  name: 'hv1',
  actions: [],
  drift: [{ target: 'hv1', code: 'dirty', message: 'one file changed by hand' }],
  problems: [],
  ...more,
});
const plan = (more: Partial<Plan> = {}): Plan => ({
  version: 1,
  fleet: 'example',
  files: [],
  hypervisors: [hypervisor()],
  warnings: ['a warning'],
  problems: [],
  ...more,
});

test.each<[string, Plan]>([
  ['a problem of the whole fleet', plan({ problems: ['the commit is quarantined'] })],
  [
    'a hypervisor with a problem, among others',
    plan({ hypervisors: [hypervisor(), hypervisor({ problems: ['/boot is full'] })] }),
  ],
  [
    'a hypervisor that does not answer, among others',
    plan({ hypervisors: [hypervisor(), hypervisor({ unreachable: 'no route to host' })] }),
  ],
])('a plan is blocked by %s', (_, blocked) => expect(isBlocked(blocked)).toBe(true));

test('a plan is not blocked by drift, warnings or something to do', () => {
  const action = { kind: 'start', target: 'web1', why: 'it does not run' } as const;
  expect(isBlocked(plan())).toBe(false);
  expect(isBlocked(plan({ hypervisors: [hypervisor({ actions: [action] })] }))).toBe(false);
});
