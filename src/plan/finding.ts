import type { Facts } from '../model/facts.ts';
import type { Figures, Finding, Origin, Standing } from '../model/status.ts';
import type { PlanCheck } from './checks.ts';
import type { Drift } from './plan.ts';

/** What was seen of one hypervisor. */
export interface Look {
  readonly facts: Facts;
  readonly figures: Figures;
  /** The checks of fleet.yaml, on guests that run. */
  readonly probed: readonly PlanCheck[];
  /** When it answered, by our clock; seconds since the epoch. */
  readonly at: number;
  /** Commit of a failed deployment, and the one before it, as far as this clone has them → whether HEAD has the same files. */
  readonly atHead?: ReadonlyMap<string, boolean>;
}

/** To be known, not to be mended, or not by whoever is on call. */
const known = new Set<Drift['code']>([
  ...([
    'reboot',
    'held',
    'waiting',
    'orphan',
    'uncounted',
    'no-recovery',
    'declared',
    'first-switch',
  ] as const),
  ...(['rolled-back', 'second-writer', 'collecting', 'unrooted'] as const),
]);

/** What apply puts right, and whose message does not say so. */
const mended = new Set<Drift['code']>([
  ...(['bridge', 'link', 'address', 'forwarding', 'firewall', 'dns'] as const),
  ...(['dirty', 'system', 'runner'] as const),
]);

/** Drift as a person on call is told of it. */
export const told = ({ code, message }: Drift): Finding => ({
  ...{ code, wrong: !known.has(code) },
  message: mended.has(code) ? `${message}: fleet apply` : message,
});

export function standingOf(findings: readonly Finding[], isMoving: boolean): Standing {
  if (findings.some(({ wrong }) => wrong)) return 'wrong';
  if (isMoving) return 'moving';
  return findings.length > 0 ? 'noted' : 'well';
}

/** The commit that something is deployed of, and by whom. */
export function originOf(
  { commit, since }: { readonly commit: string; readonly since: number },
  { past }: Figures,
): Origin | undefined {
  if (commit === '' || commit === '-') return undefined;
  const operator = past.findLast((one) => one.commit === commit)?.operator;
  const done = past.filter(({ result }) => result === 'done').map((one) => one.commit);
  const before = done.slice(0, Math.max(0, done.lastIndexOf(commit)));
  const follows = before.findLast((one) => one !== commit);
  return { commit, since, ...(operator && { operator }), ...(follows && { follows }) };
}
