import type { Action, HypervisorPlan } from './plan.ts';

/**
 * Left out of the comparison: a guest that starts or stops by itself does not make a plan stale; nor does the
 * checkout, which moves when a dead deployment is rolled back first.
 */
const passing = new Set<Action['kind']>(['checkout', 'start', 'restart', 'join', 'repair']);

/** Whether two plans for a hypervisor have the same actions, apart from those left out above. */
export function isSameWork(a: HypervisorPlan, b: HypervisorPlan): boolean {
  return gist(a) === gist(b);
}

function gist(plan: HypervisorPlan): string {
  const lasting = plan.actions.filter((a) => !passing.has(a.kind));
  return JSON.stringify(lasting.map((a) => [a.kind, a.target, a.network ?? false]));
}
