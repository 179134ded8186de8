import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readWithin, writeNewWithin } from '../../repo/work-tree.ts';

/** Called for each file as soon as it is written; a file that already existed is kept. */
export type OnFile = (path: string, isKept: boolean) => void;

/** Writes files that are not there yet, and replaces the text of each other one by what it says. */
export function writeAll(directory: string, files: Map<string, string>, onFile?: OnFile): void {
  mkdirSync(directory, { recursive: true });
  const top = realpathSync(directory);
  for (const [path, wanted] of files) {
    const isNew = writeNewWithin(top, path, wanted);
    if (!isNew) files.set(path, readWithin(top, path) ?? wanted);
    onFile?.(path, !isNew);
  }
}

/** Real path of a folder that may not exist yet. */
export function realFolder(directory: string): string {
  return existsSync(directory)
    ? realpathSync(directory)
    : join(realFolder(dirname(directory)), basename(directory));
}
