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

/** Events that only those who may push cause, and that run what was pushed. */
const trusted = new Set(['push', 'schedule', 'workflow_dispatch', 'release']);

/** Whether strangers' files may be in the work tree: a pull request's, which nobody has merged. */
export const isUnmerged = ({ name }: Event): boolean => unmerged.has(name);

/** What is checked out, and what the workflow runs of. */
export interface Checkout {
  /** The commit that is checked out. */
  readonly head: string | undefined;
  /** GITHUB_SHA */
  readonly sha: string;
  /** GITHUB_REF */
  readonly ref: string;
}

/**
 * What is never done: what a pull request changes is not run, nor given to a hypervisor, with secrets at hand.
 * @throws FleetError `action.unsafe`
 */
export function refuseUnsafe(
  event: Event,
  { build, command, issue, sshKey, token }: Inputs,
  { head, ref, sha }: Checkout,
): void {
  if (isUnmerged(event)) {
    if (command === 'apply' || command === 'rollback' || command === 'verify')
      throw unsafe(
        `command: ${command} is not for ${event.name}: what it would do comes from files that nobody has merged`,
        'Use command: plan here, and this one on a push to the branch that is deployed.',
      );
    // A plan that asks hypervisors runs the checks of these files, `run` ones in guests: with a key, or by the set-up of a runner of one's own.
    if (sshKey !== undefined || issue)
      throw unsafe(
        `${sshKey === undefined ? 'issue: true' : 'ssh-key'} is not for ${event.name}: hypervisors would be asked what files say that nobody has merged, and run their checks`,
        'Leave it out: a plan then compares files alone, and what is built is built on the runner.',
      );
    if ((build || command === 'build') && token !== undefined)
      throw unsafe(
        `a build on ${event.name} runs what nobody has merged, and that could read the token that the Action was given`,
        'Give the build a job of its own, with permissions: contents: read, command: build and github-token: "".',
      );
    return;
  }
  if (trusted.has(event.name)) return;
  // Any other runs with the secrets of this repository, whoever caused it: so of the default branch alone.
  const { after, defaultBranch, name } = event;
  const isDefault = defaultBranch !== undefined && ref === `refs/heads/${defaultBranch}`;
  const isOfDefault = name !== 'workflow_run' || isOfBranch(event, defaultBranch);
  if (isDefault && isOfDefault && head === sha) return;
  const cause = after && `after ${after.event} of ${after.repository}, ${after.branch}`;
  const of = isDefault ? (cause ?? 'after nothing') : ref || 'no branch';
  const what = isDefault && isOfDefault ? `${head ?? 'nothing'} instead of ${sha}` : of;
  throw unsafe(
    `${name} runs with the secrets of this repository, and this is not of its default branch: ${what}`,
    'Whoever causes it would decide what is done with these secrets. Use pull_request for plans, and push for apply.',
  );
}

/** Of workflow_run: a fork's branch can have any name, and a pull request may be of the default one. */
const isOfBranch = ({ after, repository }: Event, branch: string | undefined): boolean =>
  after !== undefined &&
  after.branch === branch &&
  after.repository === repository &&
  !unmerged.has(after.event);

function unsafe(message: string, hint: string): FleetError {
  return new FleetError('action.unsafe', message, { exitCode: exitCodes.usage, hint });
}
