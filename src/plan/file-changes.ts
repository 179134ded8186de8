import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import type { FileChange } from './plan.ts';

/** One file of the next commit; undefined: it does not exist. */
export interface FileTexts {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Unified diffs, sorted by path. */
export function fileChanges(files: readonly FileTexts[]): FileChange[] {
  return files
    .filter((f) => f.before !== f.after)
    .map(
      ({ path, before, after }): FileChange => ({
        path,
        kind: after === undefined ? 'remove' : before === undefined ? 'add' : 'change',
        diff: createTwoFilesPatch(
          before === undefined ? '/dev/null' : `a/${path}`,
          after === undefined ? '/dev/null' : `b/${path}`,
          before ?? '',
          after ?? '',
          undefined,
          undefined,
          { context: 3, headerOptions: FILE_HEADERS_ONLY },
        ),
      }),
    )
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
