import { clip } from './clip.ts';
import * as shape from './shape.ts';

/** What became of machines that were built to see whether they can be. */
export interface Tried {
  /** Store paths by target. */
  readonly paths: ReadonlyMap<string, string>;
  /** Of those that could not be evaluated or built: the last of what Nix said. */
  readonly failed: ReadonlyMap<string, readonly string[]>;
}

/** Reads the answer of build-tree.sh. @param wanted the targets; any other is an error @throws FleetError `build.unreadable` */
export function parseTried(answer: string, wanted: readonly string[]): Tried {
  return shape.understand('build.unreadable', answer, () => {
    const rows = shape.Rows.in(answer);
    const known = (target: string) => {
      if (!wanted.includes(target)) throw new Error(`nobody asked for ${JSON.stringify(target)}`);
      return target;
    };
    const paths = rows
      .of('built')
      .map(([target = '', path]) => [known(target), shape.path(path, 'store path')] as const);
    const said = new Map<string, string[]>();
    for (const [target = '', ...line] of rows.of('said'))
      shape.push(said, known(target), clip(line.join('\t'), 500));
    const failed = rows
      .firsts('failed')
      .map((target) => [known(target), (said.get(target) ?? []).slice(-60)] as const);
    return { paths: new Map(paths), failed: new Map(failed) };
  });
}
