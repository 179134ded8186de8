import { hasFirstSwitch, notInHistory, refusal, type Word } from '../app/apply.ts';
import { restartable } from '../app/plan.ts';
import type { Survey } from '../app/survey/survey.ts';
import { planText } from '../report/plan-text.ts';
import { styleFor } from '../report/style.ts';
import { canAsk, confirm } from './ask.ts';

// What `fleet apply` asks besides whether to apply: data in the plan says that there is something to decide.

/** What is asked about. @param drop what first switches may take away */
export function show(
  planned: Survey,
  drop: string | undefined,
  isAsked: boolean,
  isData: boolean,
): void {
  // Whoever is asked sees what about.
  const out = isData ? process.stderr : process.stdout;
  if (!isData || (isAsked && canAsk()))
    out.write(planText(planned.plan, styleFor(out), { diffs: false, offline: false }));
  // Once a hypervisor was deployed to, no switch is its first.
  if (drop !== undefined && !hasFirstSwitch(planned))
    process.stderr.write(
      `--drop ${drop} drops nothing: no hypervisor here has its first switch.\n`,
    );
}

/**
 * Why a guest that runs does not answer fleet cannot know, and a restart may cost what it has in memory:
 * only a person decides it, here or with --restart. --yes alone restarts none.
 */
export async function offerRestarts(planned: Survey, signal: AbortSignal): Promise<Survey> {
  const names = restartable(planned.plan);
  if (names.length === 0 || !canAsk()) return planned;
  const question = `Restart ${names.join(', ')}, which ${names.length === 1 ? 'is' : 'are'} unhealthy?`;
  return (await confirm(question, signal)) ? planned.restarting(names) : planned;
}

/** What runs and is not in the history stands in the plan, among the warnings. @throws FleetError as `refusal` */
export async function offerToReplace(
  planned: Survey,
  word: Word,
  isAsked: boolean,
  signal: AbortSignal,
): Promise<Word> {
  const refused = refusal(planned, word);
  if (!refused) return word;
  if (refused.code === notInHistory && isAsked && canAsk())
    if (await confirm('Replace it anyway?', signal)) return { ...word, replace: true };
  throw refused;
}
