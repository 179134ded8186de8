import type { Job } from './job.ts';
import { bodyLimit, keepComment, markerOf, tryOn } from './kept.ts';
import { isUnmerged } from './refuse.ts';

/** Keeps the comment of a pull request, where there is one. @param text of at most so many characters */
export async function commentOn(
  { event, github, inputs, runner }: Job,
  text: (limit: number) => string,
): Promise<void> {
  const { pullRequest } = event;
  // Of two jobs that look at one pull request, one alone keeps its comment.
  if (pullRequest === undefined || !isUnmerged(event) || !github || inputs.command !== 'plan')
    return;
  const marker = markerOf('plan', inputs.directory);
  await tryOn(runner, 'The plan is no comment of the pull request', () =>
    keepComment(github, pullRequest, marker, text(bodyLimit - marker.length)),
  );
}
