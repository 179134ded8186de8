import type { OpenDeployment } from './facts.ts';

/**
 * What ends a deployment whose fleet is gone, before its hypervisors roll back by themselves. Commands stand in
 * parentheses: there they stay whole when a text is wrapped.
 */
export function takeUp({ id, operation }: Pick<OpenDeployment, 'id' | 'operation'>): string {
  const resume = `fleet apply --resume ${id}`;
  // Only what a commit brings can be finished.
  return operation === 'apply'
    ? `finish it (${resume}) or roll it back (${resume} --undo)`
    : `put back what it changed (${resume} --undo)`;
}

/** What becomes of a deployment without fleet, and what somebody can do about it. */
export function fate(open: OpenDeployment): string {
  if (!open.atWork) return 'it is no longer running';
  if (open.decided === 'back') return 'it is being rolled back';
  if (open.decided === 'confirmed') return 'it is confirmed and about to end';
  return `without fleet it rolls itself back ${whenBack(open.left)}; if the fleet process behind it is gone: ${takeUp(open)}`;
}

/** Of the seconds that are left to fleet; the way back waits for a step, too. */
export function whenBack(left: number): string {
  return left > 0 ? `in ${left} s` : 'when the current step has ended';
}
