import { asFleetError } from '../../deploy/put-back.ts';
import type { Emit } from '../../model/events.ts';
import { failureOf } from '../../model/failure.ts';
import type { Clock } from '../../model/time.ts';

/** Emits events around a piece of git work. @param work returns the commit it is about @throws as `work` */
export async function told(
  { clock, emit }: { readonly clock: Clock; readonly emit: Emit },
  what: { readonly remote: string; readonly step: string },
  work: () => Promise<string>,
): Promise<string> {
  const started = clock.now();
  const git = { type: 'git', ...what } as const;
  emit({ ...git, state: 'begin' });
  try {
    const commit = await work();
    emit({ ...git, state: 'done', ms: clock.now() - started, commit });
    return commit;
  } catch (error) {
    const failure = failureOf(asFleetError(error));
    emit({ ...git, state: 'failed', ms: clock.now() - started, failure });
    throw error;
  }
}
