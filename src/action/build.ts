import { buildMarkdown } from '../report/build-markdown.ts';
import type { Built } from '../report/json/looking.ts';
import { prose } from '../report/markdown.ts';
import { within } from '../report/plan-markdown.ts';
import type { Event } from './event.ts';
import { failed } from './failed.ts';
import { type Job, madeBy, summaryLimit, titleOf } from './job.ts';
import { isUnmerged } from './refuse.ts';
import { annotate, validate } from './validate.ts';

/** Evaluates and builds what apply would commit, and touches nothing that runs. @returns the exit code */
export async function build(job: Job): Promise<number> {
  const { event, fleet, inputs, runner } = job;
  const invalid = await validate(job);
  if (invalid !== 0) return invalid;
  runner.group('fleet build');
  const on = inputs.on === undefined ? [] : [inputs.on];
  const { code, document } = await fleet.json('build', ...on, ...placeOf(event));
  runner.endGroup();
  if (document.kind !== 'build') return failed(job, code, document);
  const built = document as unknown as Built;
  annotate(job, built.diagnostics);
  failuresOf(job, built);
  runner.output('changed', 'false');
  runner.output('outcome', code === 0 ? 'done' : 'failed');
  const title = `### ${prose(titleOf(job, 'build'))}\n`;
  runner.summary(within([title, ...buildMarkdown(built), madeBy(job)], summaryLimit));
  return code;
}

/** What nobody has merged is built here, where no key is, or nowhere. */
export const placeOf = (event: Event): readonly string[] =>
  isUnmerged(event) ? ['--at', 'here'] : [];

/** Annotates what has no line in fleet.yaml. */
export function failuresOf({ runner }: Job, { diagnostics, machines }: Built): void {
  const told = new Set(diagnostics.map(({ code }) => code));
  for (const { failure, name } of machines.slice(0, 10))
    if (failure && !told.has(failure.code))
      runner.annotate('error', `${name}: ${failure.message}`, { title: `fleet ${failure.code}` });
}
