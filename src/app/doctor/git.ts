import { FleetError } from '../../model/errors.ts';
import { Examination } from '../../model/examined.ts';
import type { GitSettings } from '../../model/fleet.ts';
import { openRepo } from '../../repo/open.ts';
import type { Outset, RemoteState, Repo } from '../../repo/repo.ts';
import type { LocalPorts } from '../ports.ts';
import { nextCommit } from '../workspace/next-commit.ts';
import { type Config, locateConfig } from '../workspace/read-config.ts';
import type { Where } from '../workspace/where.ts';
import { requireNoConflicts, workspaceOf } from '../workspace/workspace.ts';

/** Where fleet.yaml does not say. */
const usual: GitSettings = { remote: 'origin', transport: 'pull', revert: true, timeout: 30_000 };

/** What the clone on this machine has to say, without asking anybody. */
export interface Clone {
  readonly found: Examination;
  readonly settings: GitSettings;
  readonly repo?: Repo;
  readonly outset?: Outset;
}

const checks: Readonly<Record<string, string>> = {
  'git.no-identity': 'identity',
  'git.detached-head': 'branch',
  'git.wrong-branch': 'branch',
  'git.no-remote': 'remote',
  'git.shallow': 'history',
};

/** The repository that fleet.yaml is in: whether a commit can be made, and what it would have. */
export async function examineClone(
  ports: LocalPorts,
  where: Where,
  config: Config | undefined,
  signal: AbortSignal,
): Promise<Clone> {
  const found = new Examination('git');
  const settings = config?.index.fleet.git ?? usual;
  // Who wants to know what is wrong does not wait as long as who pushes.
  const timeout = Math.min(settings.timeout, usual.timeout);
  try {
    const { directory } = config ?? locateConfig(ports, where);
    const repo = await openRepo(directory, ports.surroundings, { timeout, signal });
    if (repo.top === directory) found.ok('repository');
    else
      found.wrong(
        'repository',
        `${directory} is not the top of its repository, ${repo.top}`,
        'Hypervisors evaluate flake.nix at the top: keep fleet.yaml there.',
        { code: 'workspace.not-top' },
      );
    const outset = await repo.outset(settings);
    for (const obstacle of outset.obstacles) {
      if (!(obstacle instanceof FleetError)) throw obstacle;
      found.failed(checks[obstacle.code] ?? 'work in hand', obstacle);
    }
    const isKnown = (check: string) => found.all.some((one) => one.check === check);
    for (const check of ['identity', 'branch', 'history'])
      if (!isKnown(check)) found.ok(check === 'branch' ? `branch ${outset.branch}` : check);
    if (config && repo.top === directory) await examineCommit(found, config, repo);
    return { found, settings, repo, outset };
  } catch (error) {
    if (!(error instanceof FleetError) || error.code === 'interrupted') throw error;
    found.failed('repository', error);
    return { found, settings };
  }
}

/** What would be committed: what of it keeps it from being right. */
async function examineCommit(found: Examination, config: Config, repo: Repo): Promise<void> {
  try {
    const workspace = workspaceOf(config);
    requireNoConflicts(workspace);
    const { contents, needsLock, warnings } = await nextCommit(workspace, repo);
    const rendered = [...contents.keys()].filter(
      (path) => path !== config.config && path !== 'flake.lock',
    );
    if (contents.has(config.config) || rendered.length === 0) found.ok('rendered');
    else
      found.note(
        'rendered',
        `${rendered.length} committed file${rendered.length === 1 ? ' is' : 's are'} not what this fleet renders from the committed ${config.config}: it was edited and not applied yet, or another version of fleet rendered`,
        'To see them: fleet plan --offline',
      );
    if (needsLock) found.note('flake.lock', 'does not fit yet; apply makes it', 'fleet update');
    else found.ok('flake.lock');
    for (const warning of warnings) found.note('files', warning);
  } catch (error) {
    if (!(error instanceof FleetError) || error.code === 'interrupted') throw error;
    found.failed('rendered', error);
  }
}

/** What the remote has; undefined: it does not say. */
export async function examineRemote({
  found,
  settings,
  repo,
  outset,
}: Clone): Promise<RemoteState | undefined> {
  const branch = outset?.branch;
  if (!repo || branch === undefined || outset?.url === undefined) return undefined;
  const pushing = attempt(repo.mayPush(settings, branch));
  const state = await attempt(repo.remoteState(settings));
  if (state instanceof FleetError) {
    await pushing;
    found.failed('remote', state);
    return undefined;
  }
  found.ok(`remote ${settings.remote}`);
  const moved = await attempt(repo.refuseMovedOn(settings, branch, state));
  if (moved instanceof FleetError) found.failed('up to date', moved);
  const refused = await pushing;
  if (refused instanceof FleetError) found.failed('push', refused);
  else found.ok('push');
  return state;
}

/** Its failure as a value, but for one that is a bug, or a person's wish to stop. */
export async function attempt<T>(work: Promise<T>): Promise<T | FleetError> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof FleetError && error.code !== 'interrupted') return error;
    throw error;
  }
}
