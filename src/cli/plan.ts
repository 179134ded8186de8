import { hasChanges, isBlocked, plan, planOffline, unmended } from '../app/plan.ts';
import { planFileOf, planPath, requireSavable, savePlan } from '../app/saved-plan.ts';
import type { Survey } from '../app/survey/survey.ts';
import { exitCodes } from '../model/errors.ts';
import { documentText, planDocument } from '../report/documents.ts';
import { planText } from '../report/plan-text.ts';
import { styleFor } from '../report/style.ts';
import { isCi } from './ask.ts';
import { type Invocation, refusePointless, usageError } from './options.ts';
import { localPorts, realPorts } from './ports.ts';

export interface PlanOptions {
  readonly offline?: boolean;
  readonly on?: string;
  readonly release?: string;
  readonly diff: boolean;
  readonly detailedExitcode?: boolean;
  readonly out?: string;
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** `fleet plan` */
export async function planCommand(invocation: Invocation, options: PlanOptions): Promise<number> {
  if (options.out !== undefined && options.offline)
    throw usageError(
      'plan.offline',
      'a plan that asked no hypervisor cannot be saved',
      'Leave out --offline or --out.',
    );
  if (options.offline)
    refusePointless(options, ['--on', '--release'], '--offline asks no hypervisor');
  const out = options.out === undefined ? undefined : planPath(localPorts(), options.out);
  const seen = await planned(invocation, options);
  seen.close();
  if (options.json) {
    // One document: that of the error, if it cannot be saved.
    if (out) requireSavable(seen);
    process.stdout.write(documentText(planDocument(seen.plan)));
  } else {
    process.stdout.write(await textOf(seen, options));
    if (out) requireSavable(seen);
  }
  if (out) {
    savePlan(out, planFileOf(seen));
    process.stderr.write(`Saved. To carry out exactly this: fleet apply ${options.out}\n`);
  }
  return exitCodeOf(seen, options);
}

async function textOf(
  { plan }: Survey,
  { diff: diffs, markdown, offline = false }: PlanOptions,
): Promise<string> {
  if (!markdown) return planText(plan, styleFor(process.stdout), { diffs, offline });
  const { planMarkdown } = await import('../report/plan-markdown.ts');
  return planMarkdown(plan, { diffs, offline });
}

async function planned(
  { common, signal, tell }: Invocation,
  options: PlanOptions,
): Promise<Survey> {
  if (options.offline) return planOffline(localPorts(), common, signal);
  const { on, release } = options;
  const input = {
    where: common,
    ...(on !== undefined && { on }),
    ...(release !== undefined && { release }),
    upstream: isJudged(options) ? ('awaited' as const) : ('wanted' as const),
  };
  return plan(await realPorts(common, { isAsking: true }), input, tell, signal);
}

/** Does somebody go by the exit code? */
const isJudged = ({ detailedExitcode }: PlanOptions): boolean =>
  detailedExitcode === true || isCi();

/** Pipelines go by it: what apply would refuse must not look like nothing to do. */
function exitCodeOf({ plan }: Survey, options: PlanOptions): number {
  const { hypervisors } = plan;
  if (isJudged(options) && isBlocked(plan)) return exitCodes.failed;
  // A plan that knows nothing must not look like one that found nothing.
  if (hypervisors.length > 0 && hypervisors.every((h) => h.unreachable !== undefined))
    return exitCodes.failed;
  if (!options.detailedExitcode) return exitCodes.ok;
  if (unmended(plan).length > 0) return exitCodes.failed;
  return hasChanges(plan) ? exitCodes.changes : exitCodes.ok;
}
