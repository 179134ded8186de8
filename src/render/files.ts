import { isRendered } from './marker.ts';

/** What brings the work tree to the rendered files; paths sorted. */
export interface FileChanges {
  readonly write: readonly string[];
  /** Files that fleet wrote once and renders no more. */
  readonly remove: readonly string[];
  /** Files of the user's where fleet wants one: nothing may be written before they are gone. */
  readonly conflicts: readonly string[];
  readonly unchanged: number;
}

/**
 * Compares rendered files with those in the work tree. `existing` holds the text of every file
 * under the paths that fleet renders to; those without its marker are the user's. Remove before
 * writing: a file may have become a folder.
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

/** `a/b/c` → `a`, `a/b`: one of them as a file keeps the path from being written. */
function folders(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, n) => parts.slice(0, n + 1).join('/'));
}
