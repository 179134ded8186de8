import { type Code, path } from '../nix/tree.ts';

/** Where a hypervisor's or vm's own files are. */
export const hostFolder = (name: string): string => `hosts/${name}`;

/** `target`, relative to the repository, as a path literal in a file of that machine. */
export function pathFrom(name: string, target: string): Code {
  const folder = `${hostFolder(name)}/`;
  return path(target.startsWith(folder) ? `./${target.slice(folder.length)}` : `../../${target}`);
}
