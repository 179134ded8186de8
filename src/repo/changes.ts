import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { fields, type Git } from './git.ts';
import { currentHead } from './head.ts';
import { type ObjectFormat, objectId } from './object-id.ts';

/** How the work tree differs from HEAD. */
export interface Changes {
  /** Paths that differ, new ones included. */
  readonly all: readonly string[];
  /** Those that git does not track, including ignored ones. */
  readonly untracked: readonly string[];
}

/**
 * Compares these paths of the work tree with HEAD; the index does not matter. git lists all changes, without pathspecs,
 * because matching many of them takes quadratic time.
 */
export async function changes(
  git: Git,
  format: ObjectFormat,
  paths: readonly string[],
): Promise<Changes> {
  const base = (await currentHead(git)) ?? objectId(format, 'tree', '');
  const [differ, index] = await Promise.all([
    git.read(['diff', '--name-only', '--no-renames', '--no-ext-diff', '-z', base, '--']),
    git.read(['ls-files', '-z']),
  ]);
  const tracked = new Set(fields(index));
  const changed = new Set(fields(differ));
  const untracked = paths.filter((path) => !tracked.has(path) && exists(join(git.dir, path)));
  return { all: paths.filter((path) => changed.has(path)).concat(untracked), untracked };
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
