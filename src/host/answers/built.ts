import * as shape from './shape.ts';

/** What a build gave. */
export interface Built {
  /** Store paths by target; of one that was asked for and is not among them there is none. */
  readonly paths: ReadonlyMap<string, string>;
  /** How what is built differs from what is there, a line each. */
  readonly closures: readonly { readonly target: string; readonly line: string }[];
}

/** Reads the answer of build.sh. @param wanted targets; of others it has nothing to say @throws FleetError `build.unreadable` */
export function parseBuilt(answer: string, wanted: readonly string[]): Built {
  return shape.understand('build.unreadable', answer, () => {
    const rows = shape.Rows.in(answer);
    const paths = new Map<string, string>();
    for (const [target = '', path] of rows.of('built')) {
      if (!wanted.includes(target)) throw new Error(`nobody asked for ${JSON.stringify(target)}`);
      paths.set(target, shape.path(path, 'store path'));
    }
    const closures = rows
      .of('closure')
      .filter(([target = '']) => wanted.includes(target))
      .map(([target = '', line = '']) => ({ target, line }));
    return { paths, closures };
  });
}
