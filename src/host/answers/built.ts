import * as shape from './shape.ts';

/** The result of a build. */
export interface Built {
  /** Store paths by target; one may be missing. */
  readonly paths: ReadonlyMap<string, string>;
  /** How the closure of what was built differs from the one there, line by line. */
  readonly closures: readonly { readonly target: string; readonly line: string }[];
}

/** Reads the answer of build.sh. @param wanted the targets; any other is an error @throws FleetError `build.unreadable` */
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
