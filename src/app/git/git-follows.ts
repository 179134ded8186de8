import { asFleetError } from '../../deploy/put-back.ts';
import type { FleetError } from '../../model/errors.ts';
import type { Facts } from '../../model/facts.ts';
import type { GitSettings, Rollout } from '../../model/fleet.ts';
import type { HypervisorResult } from '../../model/result.ts';
import { revertMessage } from '../../plan/commit-message.ts';
import { revertBranches } from '../../repo/fleet-refs.ts';
import type { Outcome, Repo } from '../../repo/repo.ts';
import { type Proposed, proposedRevert } from './proposed.ts';
import { lastRecord, returnsTo } from './returns-to.ts';

/** What was deployed, and how that went. */
export interface Deployed {
  readonly settings: GitSettings;
  readonly onFailure: Rollout['onFailure'];
  readonly commit: string;
  /** The tree of the commit, if it was quarantined and is deployed anyway (`--force`). */
  readonly forced: string | undefined;
  /** All hypervisors of the fleet. */
  readonly hypervisors: readonly string[];
  /** Paths that fleet renders, and that nobody edits by hand. */
  readonly rendered: ReadonlySet<string>;
  /** What each hypervisor looked like before. */
  readonly before: ReadonlyMap<string, Facts>;
  readonly results: readonly HypervisorResult[];
}

/** What became of it in git. */
export interface Followed {
  /** Why not all of this could be recorded at the remote. */
  readonly failure?: FleetError;
  /** The commit that reverts what was rolled back, where it was pushed. */
  readonly revertedBy?: string;
  /** The branch that has it and waits for somebody to merge it; absent: the branch of the fleet has it. */
  readonly revertBranch?: string;
  /** What that is to be merged into. */
  readonly revertBase?: string;
}

/**
 * Records in git how a deployment ended: which hypervisors have the commit and, when the fleet rolled back
 * because of it, its quarantine and a commit that reverts it. Never throws: the hypervisors are right, whatever the
 * remote says.
 */
export async function gitFollows(
  repo: Repo,
  deployed: Deployed,
  say: (text: string) => void,
): Promise<Followed> {
  const { commit, forced, settings, results } = deployed;
  const done = results.filter((r) => r.outcome === 'done').map((r) => r.hypervisor);
  const fault = faultOf(deployed);
  try {
    const back = fault && (await takeBack(repo, deployed, fault, say));
    const proposed = back?.proposed?.branch;
    const known = back?.proposed?.known;
    const revert = known === undefined && settings.revert ? back?.revert : undefined;
    const outcome: Outcome = {
      settings,
      deployed: new Map(done.map((name) => [name, commit])),
      ...(back?.isBad && { bad: commit }),
      ...(revert !== undefined && { branch: revert, ...(proposed && { proposed }) }),
      ...(forced !== undefined && !fault && { forget: [forced] }),
    };
    if (!fault) for (const text of whyNothing(deployed)) say(text);
    if (outcome.deployed.size === 0 && !outcome.bad) return {};
    await repo.publishOutcome(outcome);
    if (!outcome.bad) return {};
    say(`Commit ${short(commit)} is quarantined: apply refuses this tree without --force.`);
    const revertedBy = revert ?? known;
    if (revertedBy === undefined) return {};
    const kept = `Your change is still in commit ${short(commit)}.`;
    if (proposed) {
      say(
        `${known === undefined ? 'Pushed' : 'There is already'} revert ${short(revertedBy)} as ${proposed}. ${kept}`,
      );
      say(
        `Merge it into ${settings.branch}, which still has what was rolled back: until then apply refuses it.`,
      );
      return {
        revertedBy,
        revertBranch: proposed,
        ...(settings.branch !== undefined && { revertBase: settings.branch }),
      };
    }
    say(`Pushed revert ${short(revertedBy)} to ${settings.branch}. ${kept}`);
    say(`To edit it again: ${await editAgain(repo, deployed, revertedBy)}`);
    if ((await repo.head()) === commit) await repo.fastForward(revertedBy);
    return { revertedBy };
  } catch (error) {
    const failure = asFleetError(error);
    const { message, hint } = failure;
    say(`Could not record all of it on ${settings.remote}: ${message}${hint ? `\n${hint}` : ''}`);
    say('The hypervisors are unaffected.');
    return { failure };
  }
}

/**
 * The failure that the commit itself caused; a hypervisor where nothing was begun does not count. Losing a
 * hypervisor in a switch is the commit's fault only if the hypervisor was reached again after rolling back.
 */
function faultOf({ onFailure, results }: Deployed): FleetError | undefined {
  return onFailure === 'revert-fleet' ? blamed(results) : undefined;
}

function blamed(results: readonly HypervisorResult[]): FleetError | undefined {
  return results.find(
    ({ failure, outcome }) =>
      failure?.blames === 'commit' &&
      outcome !== 'untouched' &&
      (failure.code !== 'switch.unreachable' || outcome === 'rolled-back'),
  )?.failure;
}

/** Why nothing is reverted, and what to do now. */
function whyNothing({ before, commit, onFailure, results, settings }: Deployed): string[] {
  const named = (all: readonly HypervisorResult[]) => all.map((r) => r.hypervisor).join(', ');
  const failed = results.filter((r) => r.failure && r.failure.code !== 'interrupted');
  const done = results.filter((r) => r.outcome === 'done');
  if (failed.some((r) => r.outcome !== 'untouched')) {
    if (!blamed(results))
      return [`The failure does not look like the fault of ${short(commit)}: nothing is reverted.`];
    const keep =
      done.length > 0
        ? `: ${named(done)} ${done.length > 1 ? 'keep' : 'keeps'} ${short(commit)}, and`
        : ':';
    return [
      `onFailure is ${onFailure}${keep} nothing is reverted. Fix ${named(failed)} and apply again.`,
    ];
  }
  // A person stopped it: the commit is not at fault.
  const isStopped = results.some(
    (r) => r.failure?.code === 'interrupted' || r.because === 'interrupted',
  );
  if (!isStopped || done.length === results.length) return [];
  const records = new Set([...before.values()].map(lastRecord));
  const [good] = records.size === 1 ? [...records] : [];
  return [staysInGit(commit, settings.branch, good)];
}

/**
 * Makes the revert, where there is a commit to return to.
 * @returns it, and whether to quarantine the commit: not if it only holds what runs anyway
 */
async function takeBack(
  repo: Repo,
  { before, commit, hypervisors, results, settings }: Deployed,
  fault: FleetError,
  say: (text: string) => void,
): Promise<{ isBad: boolean; revert?: string; proposed?: Proposed }> {
  const { hypervisor } = results.find((r) => r.failure === fault) as HypervisorResult;
  try {
    const state = await repo.remoteState(settings);
    const to = await returnsTo(repo, state, commit, hypervisors, before);
    if (to.good === undefined) {
      say(to.why);
      return { isBad: to.isBad };
    }
    const { good, note } = to;
    const takenBack = await repo.commitsBetween(good, commit);
    const message = revertMessage({ good, commit, hypervisor, reason: fault.message, takenBack });
    const revert = await repo.revertTo(good, message, commit);
    if (note && settings.revert) say(note);
    if (settings.revert !== 'pull-request') return { isBad: true, revert };
    const tree = (await repo.treeOf(revert)) as string;
    const proposed = await proposedRevert(repo, settings, state.reverts, commit, new Set([tree]));
    const [usual = ''] = revertBranches(commit);
    if (proposed?.branch !== usual)
      say(
        `Branch ${usual} at ${settings.remote} is not fleet's: it is no revert of ${short(commit)}.`,
      );
    if (proposed) return { isBad: true, revert, proposed };
    say(`Nothing is reverted: delete the branches ${usual}* at ${settings.remote}.`);
    return { isBad: true };
  } catch (error) {
    const { code, message } = asFleetError(error);
    if (code === 'git.nothing-to-revert') return { isBad: false };
    // Waiting once for a remote that hangs is enough.
    if (code === 'git.timed-out') throw error;
    say(`Nothing is reverted: ${message}`);
    return { isBad: true };
  }
}

/** The command that brings the reverted edit back into the work tree. */
async function editAgain(
  repo: Repo,
  { commit, rendered }: Deployed,
  revert: string,
): Promise<string> {
  const paths = (await repo.pathsBetween(revert, commit)).filter((path) => !rendered.has(path));
  const isPlain = paths.length <= 4 && paths.every((path) => /^[\w./@+-]+$/.test(path));
  return isPlain && paths.length > 0
    ? `git restore --source ${short(commit)} -- ${paths.join(' ')}`
    : `git revert --no-commit ${short(revert)}`;
}

/**
 * What to say about a commit that was not deployed but is not at fault: fleet does not revert it, a person may.
 * @param good the commit that runs again, if known
 */
export function staysInGit(commit: string, branch: string | undefined, good?: string): string {
  const range = good === undefined ? short(commit) : `${short(good)}..${short(commit)}`;
  return (
    `Commit ${short(commit)} stays on ${branch ?? 'its branch'}, neither reverted nor quarantined: the next apply deploys it.\n` +
    `To keep it from being deployed: git revert --no-edit ${range} && git push`
  );
}

const short = (commit: string): string => commit.slice(0, 8);
