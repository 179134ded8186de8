import { lstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the fleet file was looked for. */
export interface Found {
  /** The folder that has it; without one the folder that was named. */
  readonly directory: string;
  /** The highest folder that was looked at. */
  readonly highest: string;
}

/**
 * The folder that has the fleet file: this one or, as git does it, the nearest one above. Never above the root of
 * the git repository, and in no folder above that is not of $HOME's owner, or that everybody may write to: whoever
 * can put a fleet.yaml there decides what is deployed.
 * @param directory real path
 */
export function findUp(directory: string, config: string, home: string | undefined): Found {
  const owner = home === undefined ? undefined : ownerOf(home);
  for (let at = directory; ; at = dirname(at)) {
    if (exists(join(at, config))) return { directory: at, highest: at };
    const above = dirname(at);
    if (above === at || owner === undefined || exists(join(at, '.git')) || ownerOf(above) !== owner)
      return { directory, highest: at };
  }
}

const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Undefined where everybody may write, or nothing is to be seen. */
function ownerOf(folder: string): number | undefined {
  try {
    const { uid, mode } = statSync(folder);
    return mode & 0o002 ? undefined : uid;
  } catch {
    return undefined;
  }
}
