import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Source } from '../deploy/deployment.ts';
import { FleetError } from '../model/errors.ts';
import type { GitSettings } from '../model/fleet.ts';
import { commitMessage } from '../plan/commit-message.ts';
import type { Upstream } from '../repo/repo.ts';
import { nextCommit, readIfThere } from './desk.ts';
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
 * Writes, locks, commits and pushes. @throws FleetError `plan.stale` when somebody committed
 * meanwhile, `commit.known-bad` for what was put back before, unless `force`.
 */
export async function publish(
  workspace: Workspace,
  seen: Survey,
  force: boolean,
): Promise<Published> {
  const { fleet } = workspace.index;
  const { branch, url } = seen.upstream as Upstream;
  if ((await seen.repo.head()) !== seen.commit.head) {
    throw new FleetError('plan.stale', 'there is a new commit here since this was planned', {
      hint: 'Nothing was done: plan again.',
    });
  }
  writeRendered(workspace);
  let next = seen.commit;
  if (next.needsLock) {
    const { lockInputs } = await import('../repo/flake-lock.ts');
    const file = join(workspace.directory, 'flake.lock');
    const host = seen.contacts.find((c) => c.host)?.host;
    const lock = await lockInputs(
      workspace.rendered.get('flake.nix') ?? '',
      readIfThere(file),
      [],
      host && (async () => host),
    );
    writeFileSync(file, lock);
    next = { ...(await nextCommit(workspace, seen.repo)), needsLock: false };
  }
  const paths = next.files.map((f) => f.path);
  const forced = await badTree(await upToDate(seen, fleet.git), paths);
  if (forced !== undefined && !force) throw knownBad(seen, forced);
  const commit = await seen.repo.commit(paths, commitMessage(next.files));
  await seen.repo.push(fleet.git);
  return {
    // A lock that was made just now is one of the files that every evaluation sees.
    fingerprints:
      next.fingerprints ?? (await nextCommit(workspace, seen.repo)).fingerprints ?? new Map(),
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

/** A person may have thought for long, or a lock been waited for: what is bad by now is bad. */
async function upToDate(seen: Survey, settings: GitSettings): Promise<Survey> {
  if (!seen.upstream || Date.now() - seen.at < 10_000) return seen;
  const state = await seen.repo.remoteState(settings);
  return { ...seen, upstream: { ...seen.upstream, state } };
}

/** @throws FleetError `commit.known-bad` when what is checked out here was put back before. */
export async function refuseBad(seen: Survey): Promise<void> {
  if (seen.commit.files.length > 0) return;
  const tree = await badTree(seen, []);
  if (tree !== undefined) throw knownBad(seen, tree);
}

/** The tree of the next commit, if it is one that is remembered as bad. */
async function badTree(seen: Survey, paths: readonly string[]): Promise<string | undefined> {
  const bad = seen.upstream?.state.bad;
  if (!bad || bad.size === 0) return undefined;
  const tree = await seen.repo.treeWith(paths);
  return bad.has(tree) ? tree : undefined;
}

function knownBad(seen: Survey, tree: string): FleetError {
  const commit = seen.upstream?.state.bad.get(tree)?.slice(0, 8);
  return new FleetError('commit.known-bad', `this was deployed as ${commit} and put back`, {
    hint: `Nothing was done. What failed: fleet history ${commit}. To try the very same again: --force`,
  });
}
