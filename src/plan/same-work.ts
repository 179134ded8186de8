import type { Action, HypervisorPlan } from './plan.ts';

/**
 * A guest that comes and goes by itself does not make a plan stale; nor does the checkout, which a
 * deployment that is put in order first takes back along.
 */
const passing = new Set<Action['kind']>(['checkout', 'start', 'restart', 'join', 'repair']);

/** Whether two plans for a hypervisor ask for the same, apart from what passes by itself. */
export function isSameWork(a: HypervisorPlan, b: HypervisorPlan): boolean {
  return gist(a) === gist(b);
}

function gist(plan: HypervisorPlan): string {
  const lasting = plan.actions.filter((a) => !passing.has(a.kind));
  return JSON.stringify(lasting.map((a) => [a.kind, a.target, a.network ?? false]));
}
