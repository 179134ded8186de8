import type { Source } from '../../deploy/deployment.ts';
import { checkpoint } from '../../deploy/interrupt.ts';
import { FleetError } from '../../model/errors.ts';
import type { Emit } from '../../model/events.ts';
import type { Surroundings } from '../../model/surroundings.ts';
import type { Clock } from '../../model/time.ts';
import { commitMessage } from '../../plan/commit-message.ts';
import type { Upstream } from '../../repo/repo.ts';
import { writeWithin } from '../../repo/work-tree.ts';
import { type Bad, quarantined, whatFailed } from '../survey/bad.ts';
import type { Survey } from '../survey/survey.ts';
import { type NextCommit, nextCommit } from '../workspace/next-commit.ts';
import { writeRendered } from '../workspace/workspace.ts';
import { told } from './told.ts';

/** The commit that hypervisors pull, and the fingerprint of every target in it. */
export interface Published {
  readonly source: Source;
  readonly fingerprints: ReadonlyMap<string, string>;
  /** The tree of the commit, if it is quarantined and deployed anyway (`--force`). */
  readonly forced: string | undefined;
}

/** How what was planned is published. */
export interface Publishing {
  readonly surroundings: Surroundings;
  /** Publishes a quarantined commit, too. */
  readonly force: boolean;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * Makes flake.lock if needed, writes, commits and pushes what was planned. All of it comes from memory, because a person
 * may have edited files while fleet asked or waited. Other changes in the work tree stay there, uncommitted.
 * @throws FleetError `plan.stale` when somebody committed meanwhile, `commit.known-bad` for what was
 * rolled back before, unless `force`.
 */
export async function publish(
  seen: Survey,
  { force, clock, emit, signal, surroundings }: Publishing,
): Promise<Published> {
  const { workspace } = seen;
  const { fleet } = workspace.index;
  const { branch, url } = seen.upstream as Upstream;
  checkpoint(signal);
  const { head } = seen.commit;
  if ((await seen.repo.head()) !== head) throw movedOn();
  let next = seen.commit;
  if (next.needsLock) {
    const { lockInputs } = await import('../../host/flake-lock.ts');
    const host = seen.contacts.find((c) => c.host)?.host;
    const lock = await lockInputs(
      {
        flake: workspace.rendered.get('flake.nix') ?? '',
        inputs: fleet.inputs,
        lock: next.lock,
        renew: [],
      },
      host && (async () => host),
      { signal, surroundings, say: (text) => emit({ type: 'note', text }) },
    );
    next = await nextCommit(workspace, seen.repo, lock);
    if (next.head !== head) throw movedOn();
  }
  const bad = await badBy(seen, next, clock);
  if (bad && !force) throw knownBad(bad);
  const forced = bad?.tree;
  checkpoint(signal);
  writeRendered(workspace);
  if (next.lock !== undefined && next !== seen.commit)
    writeWithin(workspace.directory, 'flake.lock', next.lock);
  const step = next.files.length > 0 ? `commit and push to ${branch}` : `push to ${branch}`;
  const { commit } = await told({ clock, emit }, { remote: fleet.git.remote, step }, async () => {
    const made = await seen.repo.commit(next.contents, commitMessage(next.files), head);
    checkpoint(signal);
    await seen.repo.push(fleet.git);
    return { commit: made };
  });
  return {
    fingerprints: next.fingerprints ?? new Map(),
    forced,
    source: {
      commit,
      branch,
      url,
      ...(fleet.git.transport === 'send' && {
        bundle: (have?: string) => seen.repo.bundle(commit, have),
      }),
    },
  };
}

function movedOn(): FleetError {
  return new FleetError('plan.stale', 'there is a new commit here since this was planned', {
    hint: 'Nothing was done: plan again.',
  });
}

/** Whether the commit is quarantined by now: long may have passed since the plan. */
async function badBy(seen: Survey, next: NextCommit, clock: Clock): Promise<Bad | undefined> {
  if (!seen.upstream) return undefined;
  const { git } = seen.workspace.index.fleet;
  const isFresh = clock.now() - seen.at < 10_000;
  const state = isFresh ? seen.upstream.state : await seen.repo.remoteState(git);
  return quarantined(seen.repo, git, next, state);
}

/** The refusal to deploy a quarantined commit. */
export function knownBad(bad: Bad): FleetError {
  const { commit, revertBranch, tree } = bad;
  const fix = tree === undefined ? 'fix it and delete that branch' : 'fix it';
  const way =
    revertBranch === undefined ? '' : ` Merge ${revertBranch}, which reverts it, or ${fix}.`;
  return new FleetError('commit.known-bad', whatFailed(bad), {
    hint: `Nothing was done.${way} What failed: fleet history ${commit.slice(0, 8)}. To deploy it anyway: --force`,
  });
}
