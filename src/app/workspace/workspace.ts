import { type Dirent, readdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exitCodes, FleetError } from '../../model/errors.ts';
import { type FileChanges, reconcile } from '../../render/files.ts';
import { isRendered, marker } from '../../render/marker.ts';
import { render } from '../../render/render.ts';
import type { Repo } from '../../repo/repo.ts';
import { readWithin, removeWithin, writeWithin } from '../../repo/work-tree.ts';
import type { LocalPorts } from '../ports.ts';
import { type Config, readConfig } from './read-config.ts';
import type { Where } from './where.ts';

/** A fleet repository on this desk: fleet.yaml read, rendered, and compared with the work tree. */
export interface Workspace extends Config {
  readonly rendered: ReadonlyMap<string, string>;
  readonly changes: FileChanges;
}

export function openWorkspace(
  ports: Pick<LocalPorts, 'cwd' | 'surroundings'>,
  where: Where,
): Workspace {
  return workspaceOf(readConfig(ports, where));
}

export function workspaceOf(config: Config): Workspace {
  const rendered = render(config.index.fleet);
  return {
    ...config,
    rendered,
    changes: reconcile(rendered, existingFiles(config.directory, rendered)),
  };
}

/** Whether fleet.yaml has changed since it was read. */
export function isEdited({ directory, config, text }: Config): boolean {
  try {
    return readWithin(directory, config) !== text;
  } catch {
    return true;
  }
}

/** @throws FleetError naming every file of the user's in a place where fleet has to write. */
export function requireNoConflicts(workspace: Workspace): void {
  const { conflicts } = workspace.changes;
  if (conflicts.length === 0) return;
  throw new FleetError(
    'render.conflict',
    `fleet would overwrite files that it did not write: ${conflicts.join(', ')}`,
    {
      hint: conflicts.map(placeOf).join('\n'),
    },
  );
}

/** @throws FleetError `workspace.not-top` */
export function requireTop(
  { directory }: Pick<Workspace, 'directory'>,
  { top }: Pick<Repo, 'top'>,
): void {
  if (top === directory) return;
  throw new FleetError('workspace.not-top', `${directory} is not the top of its git repository`, {
    exitCode: exitCodes.usage,
    hint: `Hypervisors evaluate flake.nix at the top, ${top}: keep fleet.yaml there.`,
  });
}

/** Where else the user can put the content of such a file. */
function placeOf(path: string): string {
  if (path === 'flake.nix')
    return 'Move flake.nix aside: its inputs go under `inputs:`, everything else into a file that `flake: { outputs: … }` names.';
  if (/\.(sh|jq)$/.test(path))
    return `Rename ${path}, and what reads it: fleet writes a file of that name.`;
  return `Move ${path} aside: its contents belong in a file of another name, under \`modules:\` of its machine.`;
}

/** Writes rendered files to the work tree and removes outdated ones. No file is ever half written. */
export function writeRendered(workspace: Workspace): void {
  requireNoConflicts(workspace);
  const { directory, rendered, changes } = workspace;
  for (const path of changes.remove) {
    removeWithin(directory, path);
    removeIfEmpty(join(directory, dirname(path)));
  }
  for (const path of changes.write) writeWithin(directory, path, rendered.get(path) ?? '');
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // The folder still holds something of the user's.
  }
}

/**
 * Every file in the places that fleet renders to: flake.nix, hosts/ and modules/. Only Nix, shell and jq files can be
 * fleet's. Texts are compared one by one and not kept: a commit of some kilobytes can name one huge file many times.
 */
function existingFiles(
  directory: string,
  rendered: ReadonlyMap<string, string>,
): Map<string, string> {
  const files = new Map<string, string>();
  const walk = (path: string, entry: Dirent): void => {
    if (entry.isDirectory()) {
      for (const inner of list(join(directory, path))) walk(`${path}/${inner.name}`, inner);
    } else {
      const mayBeOurs = entry.isFile() && /\.(nix|sh|jq)$/.test(path);
      const text = mayBeOurs ? textOf(directory, path) : '';
      const wanted = rendered.get(path);
      files.set(path, text === wanted ? wanted : isRendered(text) ? marker : '');
    }
  };
  for (const entry of list(directory)) {
    if (['flake.nix', 'hosts', 'modules'].includes(entry.name)) walk(entry.name, entry);
  }
  return files;
}

/** A file that is too large, or became a link meanwhile, is the user's. */
function textOf(directory: string, path: string): string {
  try {
    return readWithin(directory, path) ?? '';
  } catch {
    return '';
  }
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
