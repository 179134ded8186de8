import { asFleetError } from '../../deploy/put-back.ts';
import type { Emit } from '../../model/events.ts';
import { failureOf } from '../../model/failure.ts';
import type { Clock } from '../../model/time.ts';

/** The commit that git work was about, and the branch with its revert that somebody has to merge. */
interface Told {
  readonly commit: string;
  readonly revertBranch?: string;
}

/** Emits events around a piece of git work. @param work returns the commit it is about, and what else there is to tell @throws as `work` */
export async function told<T extends Told>(
  { clock, emit }: { readonly clock: Clock; readonly emit: Emit },
  what: { readonly remote: string; readonly step: string },
  work: () => Promise<T>,
): Promise<T> {
  const started = clock.now();
  const git = { type: 'git', ...what } as const;
  emit({ ...git, state: 'begin' });
  try {
    const made = await work();
    emit({ ...git, state: 'done', ms: clock.now() - started, ...made });
    return made;
  } catch (error) {
    const failure = failureOf(asFleetError(error));
    emit({ ...git, state: 'failed', ms: clock.now() - started, failure });
    throw error;
  }
}
