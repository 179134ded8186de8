import { buildPlanned } from '../app/build.ts';
import { exitCodeOf, plan, planOffline } from '../app/plan.ts';
import { planFileOf, planPath, requireSavable, savePlan } from '../app/saved-plan.ts';
import type { Survey } from '../app/survey/survey.ts';
import type { BuildResult } from '../model/build-result.ts';
import { exitCodes } from '../model/errors.ts';
import { buildText } from '../report/build-text.ts';
import { documentText, plainBuild, planDocument } from '../report/documents.ts';
import { planText } from '../report/plan-text.ts';
import { hasColours, styleFor } from '../report/style.ts';
import { shownLive } from './live.ts';
import type { Invocation } from './options.ts';
import { judgedBy, type PlanOptions, refuseContradictions } from './plan-options.ts';
import { localPorts, realPorts } from './ports.ts';

/** `fleet plan` */
export async function planCommand(invocation: Invocation, options: PlanOptions): Promise<number> {
  refuseContradictions(options);
  const out = options.out === undefined ? undefined : planPath(localPorts(), options.out);
  const seen = await planned(invocation, options);
  seen.close();
  const built = options.build ? await builtBy(invocation, seen, options) : undefined;
  if (options.json) {
    // One document: that of the error, if it cannot be saved.
    if (out) requireSavable(seen);
    process.stdout.write(documentText(planDocument(seen.plan, built)));
  } else {
    process.stdout.write(await textOf(seen, built, options));
    if (out) requireSavable(seen);
  }
  if (out) {
    savePlan(out, planFileOf(seen));
    process.stderr.write(`Saved. To carry out exactly this: fleet apply ${options.out}\n`);
  }
  return built?.ok === false ? exitCodes.failed : exitCodeOf(seen.plan, judgedBy(options));
}

async function builtBy(
  invocation: Invocation,
  seen: Survey,
  { at }: PlanOptions,
): Promise<BuildResult> {
  const ports = await realPorts(invocation.common);
  return shownLive(
    (emit) => buildPlanned(ports, seen, at, emit, invocation.signal),
    invocation,
    [],
  );
}

async function textOf(
  { plan }: Survey,
  built: BuildResult | undefined,
  { diff: diffs, markdown, offline = false }: PlanOptions,
): Promise<string> {
  const style = styleFor(process.stdout);
  if (!markdown) {
    const text = planText(plan, style, { diffs, offline });
    return built ? `${text}\n${buildText(built, style, hasColours(process.stdout))}` : text;
  }
  const { planMarkdown } = await import('../report/plan-markdown.ts');
  return planMarkdown(plan, { diffs, offline, ...(built && { build: plainBuild(built) }) });
}

async function planned(
  { common, signal, tell }: Invocation,
  options: PlanOptions,
): Promise<Survey> {
  if (options.offline) return planOffline(localPorts(), common, signal, options.against);
  const { on, release } = options;
  const input = {
    where: common,
    ...(on !== undefined && { on }),
    ...(release !== undefined && { release }),
    upstream: judgedBy(options).isJudged ? ('awaited' as const) : ('wanted' as const),
  };
  return plan(await realPorts(common, { isAsking: true }), input, tell, signal);
}
