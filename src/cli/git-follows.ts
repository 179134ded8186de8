import type { HypervisorResult } from '../deploy/put-back.ts';
import { asFleetError } from '../deploy/put-back.ts';
import type { Facts } from '../host/facts.ts';
import type { FleetError } from '../model/errors.ts';
import type { GitSettings, Rollout } from '../model/fleet.ts';
import { revertMessage } from '../plan/commit-message.ts';
import type { Outcome, Repo } from '../repo/repo.ts';

/** What was deployed, and how that went. */
export interface Deployed {
  readonly settings: GitSettings;
  readonly onFailure: Rollout['onFailure'];
  readonly commit: string;
  /** Its tree was remembered as bad, and it was deployed all the same. */
  readonly forced: string | undefined;
  /** What each hypervisor looked like before. */
  readonly before: ReadonlyMap<string, Facts>;
  readonly results: readonly HypervisorResult[];
}

/**
 * Git follows what became of a commit: which hypervisors have it; and when the fleet was put back for
 * its sake, that it is bad, and a commit that takes it back. Never throws: hypervisors are right
 * whatever the remote says.
 */
export async function gitFollows(
  repo: Repo,
  deployed: Deployed,
  say: (text: string) => void,
): Promise<void> {
  const { commit, forced, settings, results } = deployed;
  const done = results.filter((r) => r.outcome === 'done').map((r) => r.hypervisor);
  const fault = faultOf(deployed);
  try {
    const back = fault && (await takeBack(repo, deployed, fault, say));
    const outcome: Outcome = {
      settings,
      deployed: new Map(done.map((name) => [name, commit])),
      ...(back?.isBad && { bad: commit }),
      ...(settings.revert && back?.revert !== undefined && { branch: back.revert }),
      ...(forced !== undefined && !fault && { forget: [forced] }),
    };
    if (!fault && results.some((r) => r.failure && r.outcome !== 'untouched'))
      say(`${short(commit)} is not at fault as far as fleet can tell: it stays on the branch.`);
    if (outcome.deployed.size === 0 && !outcome.bad) return;
    await repo.publishOutcome(outcome);
    if (!outcome.bad) return;
    say(`${short(commit)} is remembered as bad: fleet apply refuses it unless told --force.`);
    if (!outcome.branch) return;
    say(
      `${short(outcome.branch)} takes it back on ${settings.branch}; your change is in ${short(commit)}.`,
    );
    if ((await repo.head()) === commit) await repo.takeIn(outcome.branch);
  } catch (error) {
    const { message, hint } = asFleetError(error);
    say(`Not all of it is told to ${settings.remote}: ${message}${hint ? `\n${hint}` : ''}`);
    say('The hypervisors are as said above, whatever git says.');
  }
}

/** The failure that speaks against the commit; a link that broke, or a person's Ctrl-C, does not. */
function faultOf({ onFailure, results }: Deployed): FleetError | undefined {
  if (onFailure !== 'revert-fleet') return undefined;
  const innocent = /^(ssh\.|back\.|lock\.|interrupted$|internal$)/;
  return results.find(
    (r) => r.failure && r.outcome !== 'untouched' && !innocent.test(r.failure.code),
  )?.failure;
}

/** The commit is bad unless it holds what runs anyway; a revert where there is something to return to. */
async function takeBack(
  repo: Repo,
  { before, commit, results }: Deployed,
  fault: FleetError,
  say: (text: string) => void,
): Promise<{ isBad: boolean; revert?: string }> {
  const former = new Set([...before.values()].map((facts) => facts.checkout?.commit));
  const [good] = former;
  if (former.size > 1 || good === undefined) {
    say(
      good === undefined
        ? 'Nothing had been deployed before, so there is nothing to return to in git.'
        : 'The hypervisors had different commits before, so none of them is returned to in git.',
    );
    return { isBad: true };
  }
  const { hypervisor } = results.find((r) => r.failure === fault) as HypervisorResult;
  try {
    if (good === commit) return { isBad: false };
    const takenBack = await repo.commitsBetween(good, commit);
    const message = revertMessage({ good, commit, hypervisor, reason: fault.message, takenBack });
    return { isBad: true, revert: await repo.revertTo(good, message, commit) };
  } catch (error) {
    const { code, message } = asFleetError(error);
    if (code === 'git.nothing-to-revert') return { isBad: false };
    say(`No commit takes ${short(commit)} back: ${message}`);
    return { isBad: true };
  }
}

const short = (commit: string): string => commit.slice(0, 8);
