import type { FleetError } from '../model/errors.ts';
import { hookError } from './commit.ts';
import { gitError } from './error.ts';
import { badRef, deployedRef } from './fleet-refs.ts';
import type { Git } from './git.ts';
import { type PushResult, pushRefs } from './push.ts';
import { currentBranch } from './ready.ts';
import { commitsNotHere, remoteState, remoteUrl } from './remote.ts';
import type { Outcome, Published } from './repo.ts';

/** Where a revert commit is pushed to. */
interface Target {
  readonly remote: string;
  readonly branch: string;
  readonly commit: string;
}

/** Pushes a revert together with the refs under refs/fleet/; if the branch is refused, only these refs. */
export async function publishOutcome(git: Git, outcome: Outcome): Promise<Published> {
  const { settings, branch: commit } = outcome;
  const { remote } = settings;
  await remoteUrl(git, remote);
  const { records, unknown } = await recordsOf(git, outcome);
  if (commit === undefined) return { refs: await pushRecords(git, remote, records), unknown };
  const branch = outcome.proposed ?? settings.branch ?? (await currentBranch(git, settings));
  const target = { remote, branch, commit };
  const refspecs = [`${commit}:refs/heads/${branch}`, ...records];
  const { refs, refusal } = await pushRefs(git, remote, refspecs, ['--atomic']);
  if (refusal === undefined) return { refs, unknown };
  await pushRecords(git, remote, records, target);
  throw await branchRefused(git, target, refusal);
}

/** Refspecs for everything under refs/fleet/, and the hypervisors whose commit is not in this clone. */
async function recordsOf(
  git: Git,
  { bad, deployed, forget = [] }: Outcome,
): Promise<{ records: string[]; unknown: string[] }> {
  const tree = bad && (await git.text(['rev-parse', '--verify', `${bad}^{tree}`]));
  const here = await commitsHere(git, [...deployed.values()]);
  return {
    records: [
      ...(tree ? [`+${bad}:${badRef(tree)}`] : []),
      ...forget.filter((id) => id !== tree).map((id) => `:${badRef(id)}`),
      ...[...deployed]
        .filter(([, commit]) => here.has(commit))
        .map(([name, commit]) => `+${commit}:${deployedRef(name)}`),
    ],
    unknown: [...deployed].flatMap(([name, commit]) => (here.has(commit) ? [] : [name])),
  };
}

/** Those of `commits` that this clone has. */
async function commitsHere(git: Git, commits: readonly string[]): Promise<Set<string>> {
  const stdin = commits.map((commit) => `${commit}^{commit}\n`).join('');
  const out = await git.read(['cat-file', '--batch-check=%(objectname)'], { stdin });
  const found = out.toString().split('\n');
  return new Set(commits.filter((commit, i) => found[i] === commit));
}

/**
 * Pushes only refs under refs/fleet/, without the user's pre-push hook. The hook is for checking commits before they are
 * pushed, and these have been pushed before, with the hook. A slow or failing test suite must not keep others from learning
 * what runs where.
 */
async function pushRecords(
  git: Git,
  remote: string,
  records: readonly string[],
  target?: Target,
): Promise<readonly string[]> {
  if (records.length === 0) return [];
  const { refs, refusal } = await pushRefs(git, remote, records, ['--atomic', '--no-verify']);
  if (refusal === undefined) return refs;
  const revert = target ? ` To push the revert alone: ${byHand(target, target.branch)}` : '';
  throw gitError('git.no-permission', `${remote} refuses the record of what is deployed`, {
    hint: `Nothing was pushed; the hypervisors are unaffected. Do you have permission to push there, also to refs/fleet/?${revert}`,
    detail: refusal.detail,
  });
}

async function branchRefused(
  git: Git,
  target: Target,
  { hook, detail }: NonNullable<PushResult['refusal']>,
): Promise<FleetError> {
  const { remote, branch, commit } = target;
  const short = commit.slice(0, 12);
  const rest = `Only the revert ${short} was not pushed: what is deployed is recorded on ${remote}.`;
  if (hook) return hookError(hook, rest, detail);
  const { head } = await remoteState(git, remote, branch);
  const log = await commitsNotHere(git, remote, branch, head, commit);
  if (log !== undefined)
    return gitError(
      'git.moved-on',
      `${remote}/${branch} moved on while this was deployed. ${rest}`,
      {
        hint: `Revert on top of it: git pull --rebase --autostash ${remote} ${branch}, then git cherry-pick ${short}, and run fleet apply.`,
        detail: log,
      },
    );
  return gitError('git.no-permission', `${remote} refuses the push to ${branch}. ${rest}`, {
    hint: `Is the branch protected? Propose the revert: ${byHand(target, `fleet-revert-${commit.slice(0, 8)}`)}`,
    detail,
  });
}

function byHand({ remote, commit }: Target, branch: string): string {
  return `git push ${remote} ${commit.slice(0, 12)}:refs/heads/${branch}`;
}
