import type { Source } from '../deploy/deployment.ts';
import { checkpoint } from '../deploy/interrupt.ts';
import { FleetError } from '../model/errors.ts';
import type { GitSettings } from '../model/fleet.ts';
import { commitMessage } from '../plan/commit-message.ts';
import type { Contents, Upstream } from '../repo/repo.ts';
import { writeWithin } from '../repo/work-tree.ts';
import { nextCommit } from './desk.ts';
import type { Survey } from './survey.ts';
import { type Workspace, writeRendered } from './workspace.ts';

/** What hypervisors pull, and what it evaluates from. */
export interface Published {
  readonly source: Source;
  readonly fingerprints: ReadonlyMap<string, string>;
  /** The tree, when it is remembered as bad and deployed all the same. */
  readonly forced: string | undefined;
}

/**
 * Locks, writes, commits and pushes what was planned: from memory, for a person may have thought, and
 * edited, for long. What the work tree holds besides stays there, uncommitted.
 * @throws FleetError `plan.stale` when somebody committed meanwhile, `commit.known-bad` for what was
 * rolled back before, unless `force`.
 */
export async function publish(
  workspace: Workspace,
  seen: Survey,
  force: boolean,
  signal: AbortSignal,
): Promise<Published> {
  const { fleet } = workspace.index;
  const { branch, url } = seen.upstream as Upstream;
  checkpoint(signal);
  const { head } = seen.commit;
  if ((await seen.repo.head()) !== head) throw movedOn();
  let next = seen.commit;
  if (next.needsLock) {
    const { lockInputs } = await import('../repo/flake-lock.ts');
    const host = seen.contacts.find((c) => c.host)?.host;
    const lock = await lockInputs(
      {
        flake: workspace.rendered.get('flake.nix') ?? '',
        inputs: fleet.inputs,
        lock: next.lock,
        renew: [],
      },
      host && (async () => host),
      { signal, say: (line) => process.stderr.write(`${line}\n`) },
    );
    next = await nextCommit(workspace, seen.repo, lock);
    if (next.head !== head) throw movedOn();
  }
  const forced = await badTree(await upToDate(seen, fleet.git), next.contents);
  if (forced !== undefined && !force) throw knownBad(seen, forced);
  checkpoint(signal);
  writeRendered(workspace);
  if (next.lock !== undefined && next !== seen.commit)
    writeWithin(workspace.directory, 'flake.lock', next.lock);
  const message = commitMessage(next.files);
  const commit = await seen.repo.commit(next.contents, message, head);
  checkpoint(signal);
  await seen.repo.push(fleet.git);
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

/** A person may have thought for long, or a lock been waited for: what is bad by now is bad. */
async function upToDate(seen: Survey, settings: GitSettings): Promise<Survey> {
  if (!seen.upstream || Date.now() - seen.at < 10_000) return seen;
  const state = await seen.repo.remoteState(settings);
  return { ...seen, upstream: { ...seen.upstream, state } };
}

/** @throws FleetError `commit.known-bad` when what would be committed was rolled back before. */
export async function refuseBad(seen: Survey): Promise<void> {
  const tree = await badTree(seen, seen.commit.contents);
  if (tree !== undefined) throw knownBad(seen, tree);
}

/** The tree of the next commit, if it is one that is remembered as bad. */
async function badTree(seen: Survey, contents: Contents): Promise<string | undefined> {
  const bad = seen.upstream?.state.bad;
  if (!bad || bad.size === 0) return undefined;
  const tree = await seen.repo.treeWith(contents);
  return bad.has(tree) ? tree : undefined;
}

function knownBad(seen: Survey, tree: string): FleetError {
  const commit = seen.upstream?.state.bad.get(tree)?.slice(0, 8);
  return new FleetError(
    'commit.known-bad',
    `this commit is quarantined: it was deployed as ${commit} and rolled back`,
    {
      hint: `Nothing was done. What failed: fleet history ${commit}. To try the very same again: --force`,
    },
  );
}
