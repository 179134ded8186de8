import { exitCodes, FleetError } from '../model/errors.ts';
import type { Event } from './event.ts';
import type { Inputs } from './inputs.ts';

/** Events that run what nobody has merged yet. */
const unmerged = new Set([
  'pull_request',
  'merge_group',
  'pull_request_review',
  'pull_request_review_comment',
]);

/** Events that run with the repository's secrets, and of its own branch, whoever caused them. */
const ofOthers = new Set([
  ...['pull_request_target', 'workflow_run', 'issue_comment', 'issues', 'discussion'],
  ...['discussion_comment', 'fork', 'watch', 'label'],
]);

/** Whether strangers' files may be in the work tree: a pull request's, which nobody has merged. */
export const isUnmerged = ({ name }: Event): boolean => unmerged.has(name);

/**
 * What is never done: what a pull request changes is not run, nor given to a hypervisor, with secrets at hand.
 * @param head the commit that is checked out; @param sha GITHUB_SHA
 * @throws FleetError `action.unsafe`
 */
export function refuseUnsafe(
  event: Event,
  { build, command, sshKey }: Inputs,
  { head, sha }: { readonly head: string | undefined; readonly sha: string },
): void {
  if (isUnmerged(event)) {
    if (command === 'apply' || command === 'rollback' || command === 'verify')
      throw unsafe(
        `command: ${command} is not for ${event.name}: what it would do comes from files that nobody has merged`,
        'Use command: plan here, and this one on a push to the branch that is deployed.',
      );
    if (sshKey !== undefined && (build || command === 'build'))
      throw unsafe(
        `a build on ${event.name} evaluates what nobody has merged, and must not have an ssh key beside it`,
        'Leave out ssh-key: what is built then is built on the runner.',
      );
  }
  if (!ofOthers.has(event.name) || head === sha) return;
  if (event.name === 'workflow_run' && event.started === 'push') return;
  throw unsafe(
    `${event.name} runs with the secrets of this repository, and what is checked out is not its own branch: ${head ?? 'nothing'} instead of ${sha}`,
    'Whoever opens a pull request would decide what is done with these secrets. Use pull_request for plans, and push for apply.',
  );
}

function unsafe(message: string, hint: string): FleetError {
  return new FleetError('action.unsafe', message, { exitCode: exitCodes.usage, hint });
}
