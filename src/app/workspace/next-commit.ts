import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { requireSound } from '../../host/flake-lock.ts';
import { exitCodes, FleetError } from '../../model/errors.ts';
import { type FileTexts, fileChanges } from '../../plan/file-changes.ts';
import { fingerprints } from '../../plan/fingerprints.ts';
import type { FileChange } from '../../plan/plan.ts';
import { plainMode } from '../../repo/contents.ts';
import { submodule } from '../../repo/head.ts';
import type { Contents, Repo, TrackedFile } from '../../repo/repo.ts';
import { readWithin } from '../../repo/work-tree.ts';
import type { Workspace } from './workspace.ts';

/** The commit that apply would make, and what stays out of it. */
export interface NextCommit {
  readonly files: readonly FileChange[];
  /** What to commit, byte for byte, for the paths that differ from HEAD. */
  readonly contents: Contents;
  /** flake.lock as it was read or made; undefined: there is none. */
  readonly lock: string | undefined;
  readonly head: string | undefined;
  /** Undefined while there is no flake.lock for these inputs yet. */
  readonly fingerprints: ReadonlyMap<string, string> | undefined;
  /** flake.lock has to be made, because it is missing or no longer fits flake.nix. */
  readonly needsLock: boolean;
  readonly warnings: readonly string[];
}

/**
 * Compares what is rendered, fleet.yaml and flake.lock with HEAD. Other files are taken as they are in HEAD:
 * uncommitted changes to them stay out, with a warning if fleet.yaml names the file.
 * @param made flake.lock, if it was just made for these inputs; default: the one in the work tree
 */
export async function nextCommit(
  workspace: Workspace,
  repo: Repo,
  made?: string,
): Promise<NextCommit> {
  const { rendered, config, directory } = workspace;
  const head = await repo.head();
  const committed = head === undefined ? [] : await repo.filesAt(head);
  const ours = new Map<string, string | undefined>([...rendered, [config, workspace.text]]);
  for (const path of workspace.changes.remove) ours.set(path, undefined);
  const lock = made ?? readWithin(directory, 'flake.lock');
  if (lock !== undefined) ours.set('flake.lock', lock);

  const present = new Map<string, string>();
  for (const [path, text] of ours) if (text !== undefined) present.set(path, text);
  const ids = await repo.idsOf(present);
  const before = new Map(committed.map((f) => [f.path, content(f.mode, f.blob)]));
  const modes = new Map(committed.map((f) => [f.path, f.mode]));
  const after = new Map(
    [...ids].map(([path, id]) => [path, content(plainMode(modes.get(path)), id)]),
  );
  const changed = [...ours.keys()].filter((path) => before.get(path) !== after.get(path));
  const known = changed.filter((path) => before.has(path));
  const texts =
    head === undefined || known.length === 0 ? new Map() : await repo.textsAt(head, known);

  const all = new Map(before);
  for (const path of ours.keys()) {
    const is = after.get(path);
    if (is === undefined) all.delete(path);
    else all.set(path, is);
  }
  const files = fileChanges(
    changed.map((path): FileTexts => ({ path, before: texts.get(path), after: ours.get(path) })),
  );
  // Inputs are the only thing in flake.nix that changes with fleet.yaml; Nix must not have to
  // complete the lock on a hypervisor: that would dirty its checkout.
  const needsLock =
    made === undefined &&
    (lock === undefined ||
      (changed.includes('flake.nix') &&
        before.has('flake.nix') &&
        !changed.includes('flake.lock')));
  if (lock !== undefined && !needsLock)
    requireSound(lock, workspace.index.fleet.inputs, 'flake.lock');
  return {
    files: needsLock && lock === undefined ? [...files, newLock] : files,
    contents: new Map(changed.map((path) => [path, ours.get(path)])),
    lock,
    head,
    fingerprints: needsLock
      ? undefined
      : fingerprints(workspace.index.fleet, all, new Set(rendered.keys()), config),
    needsLock,
    warnings: [
      ...(await moduleWarnings(workspace, repo, committed)),
      ...(await overwritten(workspace, repo)),
    ],
  };
}

/** What Nix tells files apart by: an executable differs from a plain file of the same text, and so does a link. */
export const content = (mode: string, blob: string): string =>
  mode === '100644' ? blob : `${mode} ${blob}`;

const newLock: FileChange = {
  path: 'flake.lock',
  kind: 'add',
  diff: '+++ b/flake.lock (made by nix flake lock)\n',
};

/** Hand-written files that fleet.yaml names and that differ in the commit, or are missing from it. */
async function moduleWarnings(
  workspace: Workspace,
  repo: Repo,
  committed: readonly TrackedFile[],
): Promise<string[]> {
  const { fleet } = workspace.index;
  const named = new Set([
    ...[...fleet.hypervisors, ...fleet.vms].flatMap((machine) => machine.modules),
    ...(fleet.outputs === undefined ? [] : [fleet.outputs]),
  ]);
  const dirty = new Set(named.size > 0 ? await repo.dirty() : []);
  // Nix sees a submodule as an empty folder.
  const files = committed.filter(({ mode }) => mode !== submodule);
  const tracked = (path: string) =>
    files.some((file) => file.path === path || file.path.startsWith(`${path}/`));
  for (const path of named) requireHere(path, committed);
  const lost = [...named].filter(
    (path) => !tracked(path) && !existsSync(join(workspace.directory, path)),
  );
  if (lost.length > 0) {
    throw new FleetError(
      'workspace.no-module',
      `${workspace.config} names ${lost.join(', ')}, which does not exist`,
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

/** Rendered files that somebody edited: they are overwritten, but not silently. */
async function overwritten({ changes, directory }: Workspace, repo: Repo): Promise<string[]> {
  const dirty = new Set(changes.write.length > 0 ? await repo.dirty() : []);
  return changes.write
    .filter((path) => dirty.has(path) && existsSync(join(directory, path)))
    .map(
      (path) =>
        `${path} was edited by hand: the next apply overwrites it; put what you want to keep in a module`,
    );
}

/** @throws FleetError `workspace.submodule`: otherwise only the build would fail, long after the push. */
function requireHere(path: string, committed: readonly TrackedFile[]): void {
  const within = committed.find(
    ({ mode, path: top }) => mode === submodule && (path === top || path.startsWith(`${top}/`)),
  );
  if (!within) return;
  throw new FleetError(
    'workspace.submodule',
    `${path} is in the submodule ${within.path}, which Nix does not fetch here`,
    {
      exitCode: exitCodes.config,
      blames: 'user',
      hint: `Name ${within.path}'s repository under inputs: and import the file from it, or keep the file in this repository.`,
    },
  );
}
