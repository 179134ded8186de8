import { prose } from '../report/markdown.ts';
import { within } from '../report/plan-markdown.ts';
import { type Job, madeBy, titleOf } from './job.ts';
import { bodyLimit, keepIssue, markerOf, tryOn } from './kept.ts';

/**
 * What becomes of a look that may have found something: the job fails for it or, with `issue: true`, one issue is kept.
 * @param parts what was seen, in Markdown. @returns the exit code
 */
export async function judged(job: Job, isWell: boolean, parts: readonly string[]): Promise<number> {
  const { github, inputs, runner } = job;
  if (!inputs.issue || !github) return isWell ? 0 : 1;
  const marker = markerOf('drift', inputs.command, inputs.directory, inputs.on ?? '');
  const title = titleOf(job, inputs.command);
  const foot = madeBy(job);
  const issue = isWell
    ? { closing: `All is well again.\n\n${foot}` }
    : {
        title: `${title}: something is not as it was deployed`,
        body: within([...parts, foot], bodyLimit - marker.length, `[this run](${runner.page})`),
      };
  const isKept = await tryOn(runner, 'No issue is kept', async () => {
    const what = await keepIssue(github, marker, issue);
    if (what !== 'none') runner.summary(`An issue was ${what}.\n`);
  });
  if (!isWell && isKept)
    runner.annotate('warning', 'Something is not as it was deployed: an issue says what.', {
      title: prose(title),
    });
  return isWell || isKept ? 0 : 1;
}
