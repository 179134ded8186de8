import { isRendered } from './marker.ts';

/** What to change in the work tree so that it has the rendered files; paths sorted. */
export interface FileChanges {
  readonly write: readonly string[];
  /** Files that fleet rendered once and no longer does. */
  readonly remove: readonly string[];
  /** Files of the user's in places where fleet renders: nothing is written while there are any. */
  readonly conflicts: readonly string[];
  readonly unchanged: number;
}

/**
 * Compares rendered files with those in the work tree. `existing` has the text of every file in the folders that fleet
 * renders to; files without its marker are the user's. Remove before writing, because a file may have become a folder.
 */
export function reconcile(
  rendered: ReadonlyMap<string, string>,
  existing: ReadonlyMap<string, string>,
): FileChanges {
  const write: string[] = [];
  const conflicts = new Set<string>();
  let unchanged = 0;
  for (const [path, text] of rendered) {
    const present = existing.get(path);
    if (present === text) unchanged += 1;
    else if (present === undefined || isRendered(present)) write.push(path);
    else conflicts.add(path);
    for (const folder of folders(path)) {
      if (isUsers(existing.get(folder))) conflicts.add(folder);
    }
  }
  const remove: string[] = [];
  for (const [path, text] of existing) {
    if (isRendered(text)) {
      if (!rendered.has(path)) remove.push(path);
    } else if (folders(path).some((folder) => rendered.has(folder))) conflicts.add(path);
  }
  return { write: sorted(write), remove: sorted(remove), conflicts: sorted(conflicts), unchanged };
}

const sorted = (paths: Iterable<string>): string[] => [...paths].sort((a, b) => (a < b ? -1 : 1));

const isUsers = (text: string | undefined): boolean => text !== undefined && !isRendered(text);

/** `a/b/c` → `a`, `a/b`: if one of these is a file, the path cannot be written. */
function folders(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, n) => parts.slice(0, n + 1).join('/'));
}
