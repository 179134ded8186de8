import type { Failure } from '../model/failure.ts';
import { prose } from '../report/markdown.ts';
import { within } from '../report/plan-markdown.ts';
import { failureMarkdown } from '../report/result-markdown.ts';
import { commentOn } from './comment.ts';
import { object } from './event.ts';
import type { Document } from './fleet.ts';
import { type Job, madeBy, titleOf } from './job.ts';

/** What an exit code of fleet's is called; docs/json.md has the table. */
const outcomes: Readonly<Record<number, string>> = {
  3: 'rolled-back',
  4: 'rollback-failed',
  5: 'locked',
  6: 'halted',
  64: 'invalid',
  65: 'invalid',
  129: 'interrupted',
  130: 'interrupted',
  143: 'interrupted',
};

export const outcomeOf = (code: number): string => outcomes[code] ?? 'failed';

/**
 * Says that fleet failed, by a document of kind `error`.
 * @param notes what it had to say before. @returns the exit code
 */
export async function failed(
  job: Job,
  code: number,
  document: Document,
  notes: readonly string[] = [],
): Promise<number> {
  const { runner } = job;
  const failure = failureOf(document);
  runner.endGroup();
  runner.annotate(
    'error',
    [failure.message, failure.detail, failure.hint].filter(Boolean).join('\n'),
    {
      title: `fleet ${failure.code}`,
    },
  );
  const told = notes
    .map(
      (note) => `- ${prose(note)}
`,
    )
    .join('');
  runner.summary(
    `### ${prose(titleOf(job, job.inputs.command))}: failed

${failureMarkdown(failure)}
${told}`,
  );
  if (!job.fleet.isCancelled) await commentFailure(job, failure);
  runner.output('outcome', job.fleet.isCancelled ? 'interrupted' : outcomeOf(code));
  return code || 1;
}

/** The comment must not go on showing the plan of an earlier push. */
export async function commentFailure(job: Job, failure: Failure): Promise<void> {
  const title = `### ${prose(titleOf(job, 'plan'))}: failed\n`;
  await commentOn(job, (limit) => within([title, failureMarkdown(failure), madeBy(job)], limit));
}

/** Of a document of kind `error`; of any other, that it is not what was expected. */
export function failureOf({ error, kind }: Document): Failure {
  const { code, message } = object(error);
  if (kind === 'error' && typeof code === 'string' && typeof message === 'string')
    return error as Failure;
  return {
    code: 'action.document',
    message: `fleet gave a document of kind ${kind}, which this version of the Action does not know`,
    blames: 'user',
    hint: 'Use a version of fleet that goes with this Action, or leave out the input version.',
  };
}
