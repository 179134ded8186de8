import { readFleet } from '../../config/read-fleet.ts';
import { exitCodes, FleetError } from '../../model/errors.ts';
import { indexFleet } from '../../model/index.ts';
import { fingerprints } from '../../plan/fingerprints.ts';
import type { Since } from '../../plan/plan.ts';
import { since } from '../../plan/since.ts';
import { render } from '../../render/render.ts';
import type { Repo } from '../../repo/repo.ts';
import { content, type NextCommit } from '../workspace/next-commit.ts';
import type { Workspace } from '../workspace/workspace.ts';

/**
 * What files alone say since a commit: for a plan that asks no hypervisor.
 * @param against a name of it; default: the branch as this clone last saw it at the remote, for apply pushes what it deploys
 * @returns nothing, and perhaps why, where there is no such commit or its fleet.yaml cannot be read
 * @throws FleetError `plan.against`: it was named, and is not in this clone
 */
export async function sinceCommit(
  repo: Repo,
  workspace: Workspace,
  next: NextCommit,
  against: string | undefined,
): Promise<{ readonly since?: Since; readonly warning?: string }> {
  const { config, index, rendered, text } = workspace;
  const commit = await (against === undefined
    ? seenAtRemote(repo, workspace)
    : repo.commitOf(against));
  if (commit === undefined) {
    if (against === undefined) return {};
    throw new FleetError('plan.against', `${against} is no commit of this clone`, {
      exitCode: exitCodes.usage,
      blames: 'user',
      hint: 'Fetch it first. A pipeline has to check out with the history (fetch-depth: 0, GIT_DEPTH: 0).',
    });
  }
  const short = commit.slice(0, 8);
  const before = (await repo.textsIn(config, [commit])).get(commit);
  const reading = before === undefined ? undefined : readFleet(before, config);
  if (before === undefined || !reading || !('fleet' in reading)) {
    const why = before === undefined ? 'is not there' : 'cannot be read by this version of fleet';
    return {
      warning: `${config} ${why} in ${short}: what changes since then, and what restarts, is not known`,
    };
  }
  const isSame = before === text;
  const then = isSame ? index : indexFleet(reading.fleet);
  const files = new Map(
    (await repo.filesAt(commit)).map(({ path, mode, blob }) => [path, content(mode, blob)]),
  );
  const ours = new Set((isSame ? rendered : render(then.fleet)).keys());
  return {
    since: since(
      commit,
      { index: then, fingerprints: fingerprints(then.fleet, files, ours, config) },
      { index, fingerprints: next.fingerprints },
    ),
  };
}

async function seenAtRemote(repo: Repo, { index }: Workspace): Promise<string | undefined> {
  const { git } = index.fleet;
  const branch = git.branch ?? (await repo.outset(git)).branch;
  return branch === undefined ? undefined : repo.commitOf(`refs/remotes/${git.remote}/${branch}`);
}
