import { existsSync } from 'node:fs';
import type { Surroundings } from '../model/surroundings.ts';
import { about, isAncestor, madeOf, pathsBetween, treeOf } from './ancestry.ts';
import { bundle } from './bundle.ts';
import { commit } from './commit.ts';
import { idsOf } from './contents.ts';
import { gitEnvironment, withBatchSsh } from './environment.ts';
import { gitError } from './error.ts';
import { fastForward } from './fast-forward.ts';
import { type Git, type GitLimits, git, usualLimits } from './git.ts';
import { commitOf, currentHead, dirtyFiles, filesAt, textsAt } from './head.ts';
import type { ObjectFormat } from './object-id.ts';
import { pastTexts, subjects, textsIn, treesOf } from './past.ts';
import { publishOutcome } from './publish.ts';
import { mayPush, push } from './push.ts';
import { currentBranch, outset, ready } from './ready.ts';
import { hasSeen, refuseMovedOn, remoteState, remoteUrl } from './remote.ts';
import type { Repo } from './repo.ts';
import { commitsBetween, revertTo } from './revert.ts';
import { snapshot } from './snapshot.ts';
import { treeWith } from './tree-with.ts';

/** Opens the repository that `dir` is in. @throws FleetError `git.not-a-repository`, `git.timed-out`; Interrupted */
export async function openRepo(
  dir: string,
  { env: ambient, temporary, over }: Surroundings,
  limits: GitLimits = usualLimits,
): Promise<Repo> {
  const env = gitEnvironment(ambient);
  const { top, format } = await locate(dir, { env, temporary, over }, limits);
  const asked = ['config', '--default', '', 'core.sshCommand'];
  const sshCommand = (await git(top, { env, temporary, over }, limits).run(asked)).out
    .toString()
    .trim();
  const at = git(top, { env: withBatchSsh(env, sshCommand), temporary, over }, limits);
  return {
    top,
    head: () => currentHead(at),
    commitOf: (name) => commitOf(at, name),
    filesAt: (id) => filesAt(at, id),
    textsAt: (id, paths) => textsAt(at, id, paths),
    dirty: () => dirtyFiles(at),
    idsOf: (texts) => idsOf(at, format, texts),
    remoteState: async (settings) => {
      const branch = settings.branch ?? (await currentBranch(at, settings));
      await remoteUrl(at, settings.remote);
      return remoteState(at, settings.remote, branch);
    },
    ready: (settings) => ready(at, settings),
    outset: (settings) => outset(at, settings),
    mayPush: ({ remote }, branch) => mayPush(at, remote, branch),
    refuseMovedOn: ({ remote }, branch, { head }) => refuseMovedOn(at, remote, branch, head),
    past: (path) => pastTexts(at, path),
    textsIn: (path, commits) => textsIn(at, path, commits),
    hasSeen: (remote, branch) => hasSeen(at, remote, branch),
    snapshot: (contents) => snapshot(at, format, contents),
    treeWith: (contents) => treeWith(at, format, contents),
    commit: (contents, message, on) => commit(at, format, contents, message, on),
    push: (settings) => push(at, settings),
    revertTo: (good, message, on) => revertTo(at, good, message, on),
    isAncestor: (one, other) => isAncestor(at, one, other),
    treeOf: (id) => treeOf(at, id),
    about: ({ remote }, hypervisor, id) => about(at, remote, hypervisor, id),
    madeOf: ({ remote }, branch, id) => madeOf(at, remote, branch, id),
    pathsBetween: (one, other) => pathsBetween(at, one, other),
    subjects: (commits) => subjects(at, commits),
    treesOf: (commits) => treesOf(at, commits),
    commitsBetween: (good, head) => commitsBetween(at, good, head),
    publishOutcome: (outcome) => publishOutcome(at, outcome),
    fastForward: (id) => fastForward(at, format, id),
    bundle: (id, have) => bundle(at, format, id, have),
  };
}

async function locate(
  dir: string,
  how: Pick<Git, 'env' | 'temporary' | 'over'>,
  limits: GitLimits,
): Promise<{ top: string; format: ObjectFormat }> {
  const hint = 'Run fleet in the git repository that holds fleet.yaml, or make it one: git init';
  if (!existsSync(dir))
    throw gitError('git.not-a-repository', `there is no folder ${dir}`, { hint });
  const { code, out, err } = await git(dir, how, limits).run([
    ...['rev-parse', '--show-object-format', '--show-toplevel'],
  ]);
  if (code !== 0)
    throw gitError('git.not-a-repository', `${dir} is not in the work tree of a git repository`, {
      hint,
      detail: err,
    });
  const [format, ...top] = out.toString().trimEnd().split('\n');
  return { top: top.join('\n'), format: format as ObjectFormat };
}
