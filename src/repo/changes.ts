import { fields, type Git, literal } from './git.ts';
import { currentHead } from './head.ts';
import { type ObjectFormat, objectId } from './object-id.ts';

/** How the work tree differs from HEAD. */
export interface Changes {
  /** Paths that differ, new ones included. */
  readonly all: readonly string[];
  /** Those that git does not track yet, ignored ones included. */
  readonly untracked: readonly string[];
}

/** Compares these paths of the work tree with HEAD; what is staged does not matter. */
export async function changes(
  git: Git,
  format: ObjectFormat,
  paths: readonly string[],
): Promise<Changes> {
  if (paths.length === 0) return { all: [], untracked: [] };
  const exactly = ['--', ...paths.map(literal)];
  const base = (await currentHead(git)) ?? objectId(format, 'tree', '');
  const diff = ['diff', '--name-only', '--no-renames', '--no-ext-diff', '-z', base, ...exactly];
  const [differ, others] = await Promise.all([
    git.read(diff),
    git.read(['ls-files', '--others', '-z', ...exactly]),
  ]);
  const untracked = fields(others);
  return { all: [...new Set([...fields(differ), ...untracked])].sort(), untracked };
}
