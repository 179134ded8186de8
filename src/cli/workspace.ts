import {
  type Dirent,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { readFleet } from '../config/read-fleet.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { ConfigError, exitCodes, FleetError } from '../model/errors.ts';
import { type FleetIndex, indexFleet } from '../model/index.ts';
import { type FileChanges, reconcile } from '../render/files.ts';
import { render } from '../render/render.ts';
import type { CommonOptions } from './options.ts';

/** A fleet repository on this desk: fleet.yaml read, rendered, and compared with what is there. */
export interface Workspace {
  /** Absolute. */
  readonly directory: string;
  /** Relative to the directory. */
  readonly config: string;
  readonly text: string;
  readonly index: FleetIndex;
  readonly warnings: readonly Diagnostic[];
  readonly rendered: ReadonlyMap<string, string>;
  readonly changes: FileChanges;
}

/** @throws ConfigError for a bad fleet.yaml; FleetError when it or the folder is not there. */
export function readConfig(
  common: CommonOptions,
): Pick<Workspace, 'directory' | 'config' | 'text' | 'index' | 'warnings'> {
  let directory: string;
  try {
    directory = realpathSync(common.directory);
  } catch {
    throw new FleetError('workspace.no-folder', `there is no folder ${common.directory}`, {
      exitCode: exitCodes.usage,
    });
  }
  const file = resolve(directory, common.config);
  // The name that git has for it, however it was written.
  const config = relative(directory, file);
  if (config.startsWith('..')) {
    throw new FleetError('workspace.config-outside', `${common.config} is not in ${directory}`, {
      exitCode: exitCodes.usage,
      hint: 'fleet.yaml is committed with what is rendered from it: it has to be in the same repository (-C DIR).',
    });
  }
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new FleetError('workspace.no-config', `cannot read ${file} (${code})`, {
      exitCode: exitCodes.usage,
      hint: '`fleet init` writes a first one; -C DIR names another repository.',
    });
  }
  const read = readFleet(text, common.config);
  if ('diagnostics' in read) throw new ConfigError(read.diagnostics, text);
  return { directory, config, text, index: indexFleet(read.fleet), warnings: read.warnings };
}

export function openWorkspace(common: CommonOptions): Workspace {
  const config = readConfig(common);
  const rendered = render(config.index.fleet);
  return { ...config, rendered, changes: reconcile(rendered, existingFiles(config.directory)) };
}

/** @throws FleetError naming every file of the user's that is where fleet has to write one. */
export function requireNoConflicts(workspace: Workspace): void {
  const { conflicts } = workspace.changes;
  if (conflicts.length === 0) return;
  throw new FleetError(
    'render.conflict',
    `fleet did not write these, and they are in its way: ${conflicts.join(', ')}`,
    {
      hint: 'Move each aside; what is in it belongs into a file of its own, named under `modules:`.',
    },
  );
}

/** Brings the work tree to what is rendered. Each file is there whole or not at all. */
export function writeRendered(workspace: Workspace): void {
  requireNoConflicts(workspace);
  const { directory, rendered, changes } = workspace;
  for (const path of changes.remove) {
    rmSync(join(directory, path));
    removeIfEmpty(join(directory, dirname(path)));
  }
  for (const path of changes.write) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.fleet-new`, rendered.get(path) ?? '');
    renameSync(`${file}.fleet-new`, file);
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something of the user's is in it.
  }
}

/** Everything where fleet renders to: flake.nix, hosts/ and modules/. Only Nix files can be fleet's. */
function existingFiles(directory: string): Map<string, string> {
  const files = new Map<string, string>();
  const walk = (path: string, entry: Dirent): void => {
    if (entry.isDirectory()) {
      for (const inner of list(join(directory, path))) walk(`${path}/${inner.name}`, inner);
    } else {
      const mayBeOurs = entry.isFile() && path.endsWith('.nix');
      files.set(path, mayBeOurs ? readFileSync(join(directory, path), 'utf8') : '');
    }
  };
  for (const entry of list(directory)) {
    if (['flake.nix', 'hosts', 'modules'].includes(entry.name)) walk(entry.name, entry);
  }
  return files;
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
