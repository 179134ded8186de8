import { failureOf } from '../model/failure.ts';
import type { HypervisorResult } from '../model/result.ts';
import type { Plan } from '../plan/plan.ts';

/** What a document has besides results. */
export interface DocumentMore {
  readonly plan?: Plan;
  /** Of the deployment. */
  readonly id?: string;
  /** What was committed and pushed. */
  readonly commit?: string;
  readonly declined?: boolean;
}

export type Kind = 'apply' | 'resume' | 'rollback';

/** What a command that deploys gives, for programs. */
export function resultsData(
  kind: Kind,
  results: readonly HypervisorResult[],
  more: DocumentMore,
): object {
  const plain = results.map(({ failure, ...rest }) => ({
    ...rest,
    ...(failure && { failure: failureOf(failure) }),
  }));
  return { kind, version: 1, ...more, results: plain };
}
