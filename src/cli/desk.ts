import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, FleetError } from '../model/errors.ts';
import { type FileTexts, fileChanges } from '../plan/file-changes.ts';
import { fingerprints } from '../plan/fingerprints.ts';
import type { FileChange } from '../plan/plan.ts';
import type { Repo } from '../repo/repo.ts';
import type { Workspace } from './workspace.ts';

/** The commit that apply would make: what is in it, and what is not. */
export interface NextCommit {
  readonly files: readonly FileChange[];
  readonly head: string | undefined;
  /** Undefined while there is no flake.lock for these inputs yet. */
  readonly fingerprints: ReadonlyMap<string, string> | undefined;
  /** flake.lock has to be made, or no longer fits flake.nix. */
  readonly needsLock: boolean;
  readonly warnings: readonly string[];
}

/**
 * Compares what is rendered, fleet.yaml and flake.lock with HEAD. Other files count as HEAD has
 * them: what is dirty stays out of the commit, and is warned of when the fleet names it.
 */
export async function nextCommit(workspace: Workspace, repo: Repo): Promise<NextCommit> {
  const { rendered, config, directory } = workspace;
  const [head, committed] = await Promise.all([repo.head(), repo.committed()]);
  const ours = new Map<string, string | undefined>([...rendered, [config, workspace.text]]);
  for (const path of workspace.changes.remove) ours.set(path, undefined);
  const lock = readIfThere(join(directory, 'flake.lock'));
  if (lock !== undefined) ours.set('flake.lock', lock);

  const present = [...ours].filter((entry): entry is [string, string] => entry[1] !== undefined);
  const blobs = await repo.blobs(present.map(([, text]) => text));
  const after = new Map(present.map(([path], i) => [path, blobs[i] ?? '']));
  const before = new Map(committed.map((f) => [f.path, f.blob]));
  const changed = [...ours.keys()].filter((path) => before.get(path) !== after.get(path));
  const texts = await repo.textsAtHead(changed.filter((path) => before.has(path)));

  const all = new Map(before);
  for (const path of ours.keys()) {
    const blob = after.get(path);
    if (blob === undefined) all.delete(path);
    else all.set(path, blob);
  }
  const files = fileChanges(
    changed.map((path): FileTexts => ({ path, before: texts.get(path), after: ours.get(path) })),
  );
  // Inputs are the only thing in flake.nix that changes with fleet.yaml; Nix must not have to
  // complete the lock on a hypervisor: that would dirty its checkout.
  const needsLock =
    lock === undefined ||
    (changed.includes('flake.nix') && before.has('flake.nix') && !changed.includes('flake.lock'));
  return {
    files: needsLock && lock === undefined ? [...files, newLock] : files,
    head,
    fingerprints: needsLock
      ? undefined
      : fingerprints(workspace.index.fleet, all, new Set(rendered.keys()), config),
    needsLock,
    warnings: await moduleWarnings(workspace, repo, before),
  };
}

const newLock: FileChange = {
  path: 'flake.lock',
  kind: 'add',
  diff: '+++ b/flake.lock (made by nix flake lock)\n',
};

/** Hand-written Nix that fleet.yaml names but that the commit does not hold as they are. */
async function moduleWarnings(
  workspace: Workspace,
  repo: Repo,
  committed: ReadonlyMap<string, string>,
): Promise<string[]> {
  const { fleet } = workspace.index;
  const named = new Set([
    ...[...fleet.hypervisors, ...fleet.vms].flatMap((machine) => machine.modules),
    ...(fleet.outputs === undefined ? [] : [fleet.outputs]),
  ]);
  const dirty = new Set(named.size > 0 ? await repo.dirty() : []);
  const tracked = (path: string) =>
    committed.has(path) || [...committed.keys()].some((p) => p.startsWith(`${path}/`));
  const lost = [...named].filter(
    (path) => !tracked(path) && !existsSync(join(workspace.directory, path)),
  );
  if (lost.length > 0) {
    throw new FleetError(
      'workspace.no-module',
      `there is no ${lost.join(', ')}, named in ${workspace.config}`,
      {
        exitCode: exitCodes.config,
      },
    );
  }
  return [...named].sort().flatMap((path) => {
    if (!tracked(path))
      return [`${path} is not in git: Nix will not see it (git add and commit it)`];
    return dirty.has(path)
      ? [`${path} has changes that are not committed: they are not deployed`]
      : [];
  });
}

export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
